import AssayCore
import AssayMetrics
import AssayReports
import AssayStore

extension ProxyEvidence {
    /// The level of the cards' intervals.
    private static let cardLevel = 0.9

    /// How well the metrics of a batch's runs foretell its multi-hop target, for the batch's report: the primary metrics over
    /// all items of each task, the target at earlier checkpoints, bytes of state, loss and size. Nil where there is no such
    /// target, or fewer families of architectures than a ranking needs.
    init?(store: Store, batch: BatchRecord) throws {
        let arms = try store.arms(ofBatch: batch.identity)
        guard Set(arms.map(\.arm)).count >= ProxyValidity.fewestClusters else { return nil }
        let runs = try RecordedRuns(store: store, batch: batch)
        guard Set(runs.families).count >= ProxyValidity.fewestClusters,
            let target = runs.multiHopTarget(try store.tasks(ofBatch: batch.identity))
        else { return nil }
        let reported = runs.reported(target: target)
        let study = try runs.study(target: target, clustering: .family, isWanted: reported.contains)
        let values = Dictionary(uniqueKeysWithValues: study.proxies.map { ($0.name, $0.values) })
        self.init(
            target: target, level: Self.cardLevel,
            runs: runs.arms.indices.map {
                Run(
                    arm: runs.arms[$0], family: runs.families[$0], seed: runs.seeds[$0],
                    target: study.target.values[$0])
            },
            proxies: runs.cards(study.validities(level: Self.cardLevel)).map {
                ($0, values[$0.validity.proxy] ?? [])
            })
    }
}

extension RecordedRuns {
    /// The accuracy on the most hops of the first multi-hop task whose runs differ in it.
    func multiHopTarget(_ tasks: [TaskRecord]) -> String? {
        for task in tasks.sorted(by: { $0.name < $1.name }) where task.family == .multiHop {
            let prefix = "hop-accuracy/\(task.name)[hops="
            let slices = columns.compactMap { column -> (hops: Int, name: String)? in
                guard column.name.hasPrefix(prefix), column.name.hasSuffix("]"),
                    let hops = Int(column.name.dropFirst(prefix.count).dropLast())
                else { return nil }
                return (hops, column.name)
            }
            let whole = "accuracy/\(task.name)"
            for name in slices.sorted(by: { $0.hops > $1.hops }).map(\.name) + [whole] {
                let values = Set(columns.first { $0.name == name }?.values.compactMap { $0 } ?? [])
                if values.count > 2 { return name }
            }
        }
        return nil
    }

    /// The proxies that a report shows: the primary metrics over all items of each task at the last checkpoints, as models are
    /// run plainly; the target at earlier checkpoints; bytes of state on the target's task, loss and size.
    func reported(target: String) -> Set<String> {
        let names = Set(columns.map(\.name))
        let task = target.split(separator: "/").last?.prefix { $0 != "[" } ?? ""
        return names.filter { name in
            if ["loss", "parameters", "state-bytes/\(task)"].contains(name) || name.hasPrefix(target + "@") {
                return true
            }
            guard !name.contains("@"), !name.contains("["), let key = name.split(separator: "/").first,
                MetricCatalogue.definition(String(key))?.isPrimary == true
            else { return false }
            // Under another condition only what has no plain one, such as episodes.
            guard let condition = name.firstIndex(of: "(") else { return true }
            return name.hasSuffix(" (recurrent)") && !names.contains(String(name[..<condition].dropLast()))
        }
    }
}
