/// The members of a JSON object, read by name and type; every error says which member of which file is at fault.
public struct JSONFields: Sendable {
    /// The file, for error messages.
    public let location: String
    /// Where the object is in the file, such as `model.vocab`; empty for the whole.
    public let path: String
    /// The members, in order.
    public let members: [JSONMember]

    /// The members of an object.
    /// - Throws: ``AssayError`` when the value is no object.
    public init(_ value: JSONValue, location: String, path: String = "") throws {
        self.location = location
        self.path = path
        guard case .object(let members) = value else {
            throw AssayError.badInput(
                "\(path.isEmpty ? "the file" : path) must be an object, not \(value.kind)", at: location)
        }
        self.members = members
    }

    /// An error about a member.
    public func fault(_ name: String, _ problem: String, remedy: String? = nil) -> AssayError {
        AssayError.badInput("\(path(of: name)) \(problem)", at: location, remedy: remedy)
    }

    /// The path of a member.
    public func path(of name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    /// The value of a member; nil when it is missing or `null`.
    /// - Throws: ``AssayError`` when it is given twice.
    public func value(_ name: String) throws -> JSONValue? {
        var found: JSONValue?
        for member in members where member.name.utf8.elementsEqual(name.utf8) {
            guard found == nil else { throw fault(name, "is given twice") }
            found = member.value
        }
        if case .null? = found { return nil }
        return found
    }

    /// A text; nil when missing or `null`.
    public func optionalText(_ name: String) throws -> String? {
        guard let value = try value(name) else { return nil }
        guard case .text(let text) = value else { throw fault(name, "must be a text, not \(value.kind)") }
        return text
    }

    /// A text that must be there.
    public func text(_ name: String) throws -> String {
        try required(try optionalText(name), name)
    }

    /// A truth value; nil when missing or `null`.
    public func optionalBoolean(_ name: String) throws -> Bool? {
        guard let value = try value(name) else { return nil }
        guard case .boolean(let boolean) = value else { throw fault(name, "must be true or false, not \(value.kind)") }
        return boolean
    }

    /// A truth value, with what it is when missing.
    public func boolean(_ name: String, default standard: Bool) throws -> Bool {
        try optionalBoolean(name) ?? standard
    }

    /// A whole number within a range; nil when missing or `null`.
    public func optionalInteger(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let value = try value(name) else { return nil }
        guard case .integer(let integer) = value, range.contains(integer) else {
            throw fault(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return integer
    }

    /// A whole number within a range that must be there.
    public func integer(_ name: String, in range: ClosedRange<Int>) throws -> Int {
        try required(try optionalInteger(name, in: range), name)
    }

    /// A list; nil when missing or `null`.
    public func optionalList(_ name: String) throws -> [JSONValue]? {
        guard let value = try value(name) else { return nil }
        guard case .list(let list) = value else { throw fault(name, "must be a list, not \(value.kind)") }
        return list
    }

    /// A list that must be there.
    public func list(_ name: String) throws -> [JSONValue] {
        try required(try optionalList(name), name)
    }

    /// The members of an object; nil when missing or `null`.
    public func optionalObject(_ name: String) throws -> JSONFields? {
        try value(name).map { try JSONFields($0, location: location, path: path(of: name)) }
    }

    /// The members of an object that must be there.
    public func object(_ name: String) throws -> JSONFields {
        try required(try optionalObject(name), name)
    }

    /// The elements of a list of objects that must be there.
    public func objects(_ name: String) throws -> [JSONFields] {
        try list(name).enumerated().map {
            try JSONFields($1, location: location, path: "\(path(of: name))[\($0)]")
        }
    }

    private func required<T>(_ value: T?, _ name: String) throws -> T {
        guard let value else { throw fault(name, "is missing") }
        return value
    }
}
