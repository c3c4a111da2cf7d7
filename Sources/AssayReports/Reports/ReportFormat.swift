/// A report of a whole batch in one file.
public enum DocumentFormat: String, Sendable, CaseIterable {
    /// A page that needs no network.
    case html
    /// For a pull request.
    case markdown
    /// For continuous integration.
    case junit

    /// The name of the file in the batch's folder.
    public var fileName: String {
        switch self {
        case .html: "report.html"
        case .markdown: "report.md"
        case .junit: "junit.xml"
        }
    }
}

/// What a batch file can ask for under `reports`.
public enum ReportFormat: String, Sendable, CaseIterable {
    /// Tables as CSV.
    case csv
    /// Tables as JSON.
    case json
    /// Tables in Markdown, and the report in Markdown.
    case markdown
    /// The verdicts as JUnit XML.
    case junit
    /// The report as a page.
    case html

    /// The format of the batch's tables; nil when it is a report alone.
    public var tables: ExportFormat? { ExportFormat(rawValue: rawValue) }
    /// The report; nil when it is tables alone.
    public var document: DocumentFormat? { DocumentFormat(rawValue: rawValue) }
}
