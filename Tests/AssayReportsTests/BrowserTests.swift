import Foundation
import Testing

@testable import AssayReports

/// A browser without a window, where there is one.
private enum Browser {
    static let executable = {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        let places = ["chromium", "chromium-browser", "google-chrome"].flatMap { name in folders.map { "\($0)/\(name)" }
        }
        return (places + ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"])
            .first(where: FileManager.default.isExecutableFile)
    }()

    /// `make browser-test`, which installs one, asks that the tests run.
    static let isDemanded = ProcessInfo.processInfo.environment["ASSAY_BROWSER"] == "required"

    /// Opens a page and waits for its end.
    /// - Returns: standard output, and standard error with every line of the console.
    static func run(_ arguments: [String], _ page: URL, profile: URL) throws -> (output: String, log: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable ?? "")
        let files = ["out", "err"].map { profile.appendingPathExtension($0) }
        for file in files { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
        process.arguments =
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                // The browser's own errands must not reach anybody either.
                "--disable-background-networking", "--disable-component-update",
                "--host-resolver-rules=MAP * ~NOTFOUND", "--user-data-dir=\(profile.path)", "--enable-logging=stderr",
                "--log-level=0",
            ] + arguments + [page.absoluteString]
        process.standardOutput = try FileHandle(forWritingTo: files[0])
        process.standardError = try FileHandle(forWritingTo: files[1])
        try process.run()
        process.waitUntilExit()
        let texts = try files.map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
        return (texts[0], texts[1])
    }
}

@Suite struct BrowserTests {
    @Test func `a browser is there where it is demanded`() {
        #expect(Browser.executable != nil || !Browser.isDemanded)
        if Browser.executable == nil { print("no browser: pages are not opened; 'make browser-test' installs one") }
    }

    @Test(.enabled(if: Browser.executable != nil, "there is no Chromium: make browser-test installs one"))
    func `a browser shows the page without errors or requests, with its plots and a filter that works`() throws {
        let folder = try TemporaryFolder()
        let sample = try SyntheticStore(
            folder.url.appendingPathComponent("a.sqlite"), arms: ["full", "<i>hybrid</i>", "window"])
        let page = folder.url.appendingPathComponent("report.html")
        // A probe at the end tells what the page asked for; whatever its policy forbade is an error on the console.
        let text = try sample.report(proxies: SyntheticStore.evidence()).text(.html).replacing(
            "</body>", with: "<script>document.title = performance.getEntriesByType('resource').length;</script></body>"
        )
        try Data(text.utf8).write(to: page)
        let profile = folder.url.appendingPathComponent("profile")
        let (dom, log) = try Browser.run(["--dump-dom"], page, profile: profile)
        let written = try #require(parseXML(try String(contentsOf: page, encoding: .utf8)))
        // The document as the browser read it has every plot that was written, all with paths.
        #expect(dom.components(separatedBy: "<svg ").count - 1 == written.all("svg").count)
        #expect(dom.components(separatedBy: "class=\"plot\"").count - 1 >= 8)
        #expect(!dom.contains("<i>hybrid"))
        // The script ran: it counts the rows and shows the filter.
        #expect(dom.contains("24 of 24 rows"))
        #expect(dom.contains("<title>0</title>"))
        #expect(!log.contains("CONSOLE"), "\(log.split(separator: "\n").filter { $0.contains("CONSOLE") })")
        // The picture is one of a page, not of an error: it has many bytes.
        let picture = folder.url.appendingPathComponent("page.png")
        _ = try Browser.run(["--screenshot=\(picture.path)", "--window-size=1200,900"], page, profile: profile)
        #expect(try Data(contentsOf: picture).count > 30_000)
    }
}
