/// Keys in the order of their last use, with the bytes that each holds; all operations take constant time.
struct RecencyList<Key: Hashable> {
    private struct Node {
        let key: Key
        let bytes: Int
        var newer: Int
        var older: Int
    }

    private var nodes: [Node] = []
    private var free: [Int] = []
    private var places: [Key: Int] = [:]
    private var newest = -1
    private var oldest = -1
    /// Bytes of all keys.
    private(set) var bytes = 0

    /// Keys that are there.
    var count: Int { places.count }

    func contains(_ key: Key) -> Bool { places[key] != nil }

    /// Makes a key the newest; one that is not there is added.
    /// - Returns: whether it is new.
    @discardableResult
    mutating func touch(_ key: Key, bytes size: Int) -> Bool {
        if let place = places[key] {
            unlink(place)
            link(place)
            return false
        }
        let node = Node(key: key, bytes: size, newer: -1, older: -1)
        let place: Int
        if let reused = free.popLast() {
            place = reused
            nodes[place] = node
        } else {
            place = nodes.count
            nodes.append(node)
        }
        places[key] = place
        bytes += size
        link(place)
        return true
    }

    /// Removes the key that was not used for the longest time.
    mutating func removeOldest() {
        guard oldest >= 0 else { return }
        let place = oldest
        unlink(place)
        bytes -= nodes[place].bytes
        places[nodes[place].key] = nil
        free.append(place)
    }

    private mutating func link(_ place: Int) {
        nodes[place].older = newest
        nodes[place].newer = -1
        if newest >= 0 { nodes[newest].newer = place }
        newest = place
        if oldest < 0 { oldest = place }
    }

    private mutating func unlink(_ place: Int) {
        let (newer, older) = (nodes[place].newer, nodes[place].older)
        if newer >= 0 { nodes[newer].older = older } else { newest = older }
        if older >= 0 { nodes[older].newer = newer } else { oldest = newer }
    }
}
