import AssayCore

/// What is put around a text: the ids of a `post_processor` in front of it and after it.
struct TokenTemplate {
    private(set) var prefix: [UInt32] = []
    private(set) var suffix: [UInt32] = []

    /// Reads a post-processor.
    /// - Throws: ``AssayError`` naming one that is not supported.
    init(_ fields: JSONFields?) throws {
        guard let fields else { return }
        let type = try fields.text("type")
        switch type {
        case "ByteLevel": return  // It only moves offsets.
        case "Sequence":
            for part in try fields.objects("processors") {
                let inner = try TokenTemplate(part)
                prefix = inner.prefix + prefix
                suffix += inner.suffix
            }
        case "TemplateProcessing": try readTemplate(fields)
        default:
            throw fields.fault(
                "type", "is '\(type)', which is not supported as a post-processor",
                remedy: "Supported: ByteLevel, Sequence, TemplateProcessing")
        }
    }

    private mutating func readTemplate(_ fields: JSONFields) throws {
        let special = try fields.optionalObject("special_tokens")
        var isAfterText = false
        for piece in try fields.objects("single") {
            if let sequence = try piece.optionalObject("Sequence") {
                guard try sequence.text("id") == "A", !isAfterText else {
                    throw fields.fault("single", "must hold the sequence A once and no other")
                }
                isAfterText = true
                continue
            }
            let name = try piece.object("SpecialToken").text("id")
            guard let token = try special?.optionalObject(name) else {
                throw fields.fault("single", "uses the token '\(name)', which special_tokens does not define")
            }
            let ids = try token.list("ids").map { value -> UInt32 in
                guard case .integer(let id) = value, let id = UInt32(exactly: id), id < UInt32(Int32.max) else {
                    throw token.fault("ids", "must be whole numbers that tokens can have")
                }
                return id
            }
            if isAfterText { suffix += ids } else { prefix += ids }
        }
        guard isAfterText else { throw fields.fault("single", "does not hold the sequence A") }
    }
}
