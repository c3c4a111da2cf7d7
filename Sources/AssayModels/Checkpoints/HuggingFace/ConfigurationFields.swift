import AssayCore

/// The fields of a configuration, read one by one. What nobody has read at the end is an error, unless it is known to be
/// without effect: a field that changes the maths is never ignored.
final class ConfigurationFields {
    /// The file.
    let location: String
    /// What names of fields begin with in messages, such as `text_config.`.
    private let prefix: String
    private let values: [String: FieldValue]
    private var unread: Set<String>
    /// Parts of this configuration that were read as configurations.
    private var parts: [ConfigurationFields] = []

    init(_ values: [String: FieldValue], location: String, prefix: String = "") {
        self.values = values
        self.location = location
        self.prefix = prefix
        unread = Set(values.keys)
    }

    /// The value of a field that is there and not null.
    func value(_ name: String) -> FieldValue? {
        unread.remove(name)
        guard let value = values[name], value != .null else { return nil }
        return value
    }

    /// Whether a field is there and not null, without reading it.
    func has(_ name: String) -> Bool { values[name].map { $0 != .null } ?? false }

    /// Whether a field is there, be it null, without reading it.
    func mentions(_ name: String) -> Bool { values[name] != nil }

    /// Marks fields as read.
    func skip(_ names: String...) { unread.subtract(names) }

    /// An error about a field.
    func failure(_ name: String, _ problem: String, remedy: String? = nil) -> AssayError {
        .badInput("'\(prefix)\(name)' \(problem)", at: location, remedy: remedy)
    }

    private func wrong(_ name: String, _ value: FieldValue, _ expected: String) -> AssayError {
        failure(name, "is \(value.brief), not \(expected)")
    }

    private func missing(_ name: String) -> AssayError { failure(name, "is missing") }

    // MARK: Values

    func integer(_ name: String, in range: ClosedRange<Int>, default standard: Int? = nil) throws -> Int {
        guard let value = value(name) else {
            guard let standard else { throw missing(name) }
            return standard
        }
        guard case .number(let number) = value, let whole = Int(exactly: number), range.contains(whole) else {
            throw wrong(name, value, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return whole
    }

    func number(_ name: String, in range: ClosedRange<Double>, default standard: Double? = nil) throws -> Double {
        guard let value = value(name) else {
            guard let standard else { throw missing(name) }
            return standard
        }
        guard case .number(let number) = value, range.contains(number) else {
            throw wrong(name, value, "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func boolean(_ name: String, default standard: Bool) throws -> Bool {
        guard let value = value(name) else { return standard }
        guard case .boolean(let boolean) = value else { throw wrong(name, value, "true or false") }
        return boolean
    }

    /// One of the words that are supported.
    func word(_ name: String, among words: [String], default standard: String) throws -> String {
        guard let value = value(name) else { return standard }
        guard case .text(let word) = value, words.contains(word) else {
            throw failure(
                name, "is \(value.brief), which is not supported",
                remedy: "Supported: \(words.joined(separator: ", "))")
        }
        return word
    }

    /// A list of whole numbers.
    func integers(_ name: String) throws -> [Int]? {
        guard let value = value(name) else { return nil }
        guard case .list(let members) = value else { throw wrong(name, value, "a list of whole numbers") }
        return try members.map {
            guard case .number(let number) = $0, let whole = Int(exactly: number) else {
                throw wrong(name, value, "a list of whole numbers")
            }
            return whole
        }
    }

    /// A list of numbers.
    func numbers(_ name: String) throws -> [Double]? {
        guard let value = value(name) else { return nil }
        guard case .list(let members) = value else { throw wrong(name, value, "a list of numbers") }
        return try members.map {
            guard case .number(let number) = $0 else { throw wrong(name, value, "a list of numbers") }
            return number
        }
    }

    /// A list with a word for each layer, each of them supported.
    func words(_ name: String, count: Int, among words: [String]) throws -> [String]? {
        guard let value = value(name) else { return nil }
        guard case .list(let members) = value else { throw wrong(name, value, "a list of words") }
        guard members.count == count else {
            throw failure(name, "has \(members.count) entries for \(count) layers")
        }
        return try members.map {
            guard case .text(let word) = $0, words.contains(word) else {
                throw failure(
                    name, "holds \($0.brief), which is not supported",
                    remedy: "Supported: \(words.joined(separator: ", "))")
            }
            return word
        }
    }

    /// A field of fields.
    /// - Parameter inherited: fields that it has from here where it has none of its own.
    func fields(_ name: String, inheriting inherited: String...) throws -> ConfigurationFields? {
        guard let value = value(name) else { return nil }
        guard case .object(var members) = value else { throw wrong(name, value, "an object") }
        for field in inherited {
            guard let own = self.value(field), members[field] == nil else { continue }
            members[field] = own
        }
        let part = ConfigurationFields(members, location: location, prefix: prefix + name + ".")
        parts.append(part)
        return part
    }

    /// Refuses a field with any value but the one that is implemented, which is also what absence means.
    func demand(_ name: String, is expected: FieldValue) throws {
        guard let value = value(name), value != expected else { return }
        throw failure(name, "is \(value.brief); only \(expected.brief) is supported")
    }

    /// Refuses what nobody has read, unless it is without effect on logits or off.
    ///
    /// A field that is neither known nor off may change the maths, so it is refused; known ones without effect are listed
    /// in ``InertFields``. One that is null, false or empty states that something is absent, which is what it is here.
    func finish() throws {
        for name in unread.sorted() where !InertFields.names.contains(name) {
            guard let value = values[name], !value.isOff else { continue }
            throw failure(
                name, "is \(value.brief), which is not supported for this system and may change what it computes",
                remedy: "If it has no effect on logits, remove the field")
        }
        for part in parts { try part.finish() }
    }
}
