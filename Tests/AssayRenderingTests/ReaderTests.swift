import AssayTasks
import Foundation
import Testing

@testable import AssayRendering

/// Readers that know the English of a task and nothing of its tokens solve the items from their prompts alone: so a person
/// could, and the text says what the symbols say.
@Suite struct ReaderTests {
    /// Solves every question of the main sequence and of the twins in some clusters.
    private func solve(
        _ name: String, _ parameters: [String: Int] = [:], _ solver: (_ body: String, _ asked: String) throws -> String?
    ) throws {
        let task = try TextTask(TaskRegistry.make(name, parameters: parameters), shots: 1)
        var solved = 0
        for index in 0..<8 {
            for text in task.cluster(.evaluation(seed: 1), index: index) {
                for question in text.questions {
                    let prompt = text.prompt(question)
                    let item = String(decoding: prompt.utf8.dropFirst(text.sharedBytes), as: UTF8.self)
                    // Introductions may hold what a reader needs to know.
                    let whole = prompt.components(separatedBy: "\n\n")[0] + "\n" + item
                    let lines = item.components(separatedBy: "\n")
                    let asked = lines.last { $0.hasPrefix("Question:") || $0.hasPrefix("Q:") } ?? ""
                    let answer = try solver(whole, asked)
                    #expect(answer.map { " " + $0 } == question.answer, "\(item)")
                    solved += 1
                }
            }
        }
        #expect(solved >= 8)
    }

    /// What the groups of a pattern match, for each match.
    private func all(_ pattern: String, in text: String) throws -> [[String]] {
        let expression = try NSRegularExpression(pattern: pattern)
        let range = NSRange(text.startIndex..., in: text)
        return expression.matches(in: text, range: range).map { match in
            (1..<match.numberOfRanges).map { group in
                Range(match.range(at: group), in: text).map { String(text[$0]) } ?? ""
            }
        }
    }

    private func facts(_ patterns: [String], in text: String) throws -> [[String]] {
        for pattern in patterns {
            let found = try all(pattern, in: text)
            if !found.isEmpty { return found }
        }
        return []
    }

    private func name(_ patterns: [String], in asked: String) throws -> [String] {
        try facts(patterns, in: asked).last ?? []
    }

    @Test(arguments: ["associative-recall", "distance-recall", "noisy-recall", "needle", "mqar", "reread-recall"])
    func `recall`(task: String) throws {
        try solve(task) { text, asked in
            let pairs = try facts([#"(\w+) has the (\w+)\."#, #"code of (\w+) is (\d+)\."#], in: text)
            let key = try name([#"does (\w+) have"#, #"code of (\w+)\?"#], in: asked)
            return pairs.last { $0[0] == key.first }?[1]
        }
    }

    @Test func `latest values and all values`() throws {
        try solve("updated-recall") { text, asked in
            let pairs = try facts([#"Now (\w+) has the (\w+)\."#, #"code of (\w+) is set to (\d+)\."#], in: text)
            let key = try name([#"does (\w+) have"#, #"code of (\w+)\?"#], in: asked)
            return pairs.last { $0[0] == key.first }?[1]
        }
        try solve("multi-value-recall") { text, asked in
            let pairs = try facts([#"(\w+) has the (\w+)\."#, #"code of (\w+) is (\d+)\."#], in: text)
            let key = try name([#"does (\w+) have"#, #"codes of (\w+)\?"#], in: asked)
            return pairs.filter { $0[0] == key.first }.map { $0[1] }.joined(separator: ", ")
        }
    }

    @Test func `a phone book`() throws {
        try solve("phone-book") { text, asked in
            let numbers = try facts([#"(\w+ \w+): (\d+)\."#, #"(\w+ \w+) can be called at (\d+)\."#], in: text)
            let key = try name([#"number of (\w+ \w+)\?"#, #"can (\w+ \w+) be"#], in: asked)
            return numbers.last { $0[0] == key.first }?[1]
        }
    }

    @Test func `a circle`() throws {
        try solve("successor") { text, asked in
            let edges = try facts(
                [#"right of (\w+) sits (\w+)\."#, #"After (\w+) the train stops in (\w+)\."#], in: text)
            let next = Dictionary(uniqueKeysWithValues: edges.map { ($0[0], $0[1]) })
            let question = try name(
                [#"sits (\d+) seats to the right of (\w+)"#, #"stop (\d+) stops after (\w+)"#], in: asked)
            return (0..<(Int(question[0]) ?? 0)).reduce(question[1] as String?) { at, _ in at.flatMap { next[$0] } }
        }
    }

    @Test func `variables and pointers`() throws {
        try solve("variable-tracking") { text, asked in
            let copies = try facts([#"([A-Z]+) = (\w+);"#, #"(\w+) chooses (?:the (\w+)|what \w+ chose)\."#], in: text)
            let value = try name([#"value (\w+)\?"#, #"chose the (\w+)\?"#], in: asked)[0]
            var values: [String: String] = [:]
            var order: [String] = []
            let from = try all(#"(\w+) chooses what (\w+) chose\."#, in: text)
            for copy in copies {
                let source = copy[1].isEmpty ? from.first { $0[0] == copy[0] }?[1] ?? "" : copy[1]
                values[copy[0]] = values[source] ?? source
                order.append(copy[0])
            }
            return order.filter { values[$0] == value }.joined(separator: ", ")
        }
        try solve("pointer-table") { text, asked in
            let links = try facts([#"box (\d+) is a note: (\d+)\."#, #"(\w+) says: ask (\w+)\."#], in: text)
            let ends = try facts([#"box (\d+) is the (\w+)\."#, #"(\w+) has the (\w+)\."#], in: text)
            let next = Dictionary(uniqueKeysWithValues: (links + ends).map { ($0[0], $0[1]) })
            if let key = try name([#"in box (\d+) itself"#, #"does (\w+) have, or"#], in: asked).first {
                return next[key]
            }
            var at = try name([#"from box (\d+),"#, #"Asking (\w+) and"#], in: asked)[0]
            while let further = next[at] { at = further }
            return at
        }
    }

    @Test func `kinds that combine by the table in the introduction`() throws {
        try solve("kinship") { text, asked in
            let table = Dictionary(
                uniqueKeysWithValues: try all(#"(\w+)\+(\w+)=(\w+)"#, in: text).map { ("\($0[0]) \($0[1])", $0[2]) })
            let kin = try all(#"(\w+) is (\w+) kin of (\w+)\."#, in: text).map { ($0[2], $0[1], $0[0]) }
            let tickets = try all(#"From (\w+) to (\w+) one needs a (\w+) ticket"#, in: text).map {
                ($0[0], $0[2], $0[1])
            }
            let links = Dictionary(uniqueKeysWithValues: (kin + tickets).map { ($0.0, ($0.1, $0.2)) })
            let ends = try name([#"kin of (\w+) is (\w+)\?"#, #"needed from (\w+) to (\w+)\?"#], in: asked)
            var (at, kind) = (ends[0], String?.none)
            while at != ends[1], let (next, further) = links[at] {
                kind = kind.map { table["\($0) \(next)"] ?? "" } ?? next
                at = further
            }
            return kind
        }
    }

    @Test func `things that follow`() throws {
        try solve("deduction") { text, asked in
            var known = Set(try all(#"(?:^|(?<=[.:\n] ))(?:The )?(\w+) (?:is on|comes)\."#, in: text).map { $0[0] })
            let rules =
                try all(#"If the (\w+) is on and the (\w+) is on, the (\w+) is on\."#, in: text)
                + all(#"If (\w+) and (\w+) come, (\w+) comes\."#, in: text)
                + all(#"If (?:the )?(\w+) (?:is on|comes), (?:the )?(\w+) (?:is on|comes)\."#, in: text)
            func follows(_ rule: [String]) -> Bool { rule.dropLast().allSatisfy(known.contains) }
            if let link = try name([#"know that (?:the )?(\w+) .* that (?:the )?(\w+) "#], in: asked).first {
                let goal = try name([#"know that (?:the )?(\w+) .* that (?:the )?(\w+) "#], in: asked)[1]
                known.insert(link)
                return rules.contains { follows($0) && $0.last == goal && $0.dropLast().contains(link) } ? "yes" : "no"
            }
            while let new = rules.first(where: { follows($0) && !known.contains($0[$0.count - 1]) }) {
                known.insert(new[new.count - 1])
            }
            let goal = try name([#"Is the (\w+) on"#, #"Does (\w+) come"#], in: asked)[0]
            return known.contains(goal) ? "yes" : "no"
        }
    }

    @Test func `boxes and counters`() throws {
        try solve("boxes") { text, asked in
            var content: [String: String] = [:]
            let body = text.components(separatedBy: asked)[0]
            let steps = try all(
                #"(?:The (\w+) is put into box (\w+)|(\w+) enters room (\w+)|is in (?:box|room) (\w+) (?:is moved|goes) to (?:box|room) (\w+)|Box (\w+) is emptied|is in room (\w+) leaves)\."#,
                in: body)
            for step in steps {
                if !step[0].isEmpty { content[step[1]] = step[0] }
                if !step[2].isEmpty { content[step[3]] = step[2] }
                if !step[4].isEmpty {
                    content[step[5]] = content[step[4]]
                    content[step[4]] = nil
                }
                content[step[6]] = nil
                content[step[7]] = nil
            }
            return content[try name([#"(?:box|room) (\w+) now"#], in: asked)[0]]
        }
        try solve("modular-counter", ["length": 80]) { text, asked in
            let steps = try facts([#"(\w+) (\+1|reset),"#, #"([A-Z]\w+) (scores|starts anew)\."#], in: text)
            let last = steps[steps.count - 1][0]
            let own = steps.filter { $0[0] == last }
            let since = own.reversed().prefix { ["+1", "scores"].contains($0[1]) }
            return "\(since.count % 5)"
        }
    }

    @Test func `running states`() throws {
        try solve("parity", ["length": 80]) { text, asked in
            let body = text.components(separatedBy: asked)[0].components(separatedBy: "\n").last { $0.count > 20 } ?? ""
            if asked.contains("switch") { return body.components(separatedBy: "flip").count % 2 == 1 ? "up" : "down" }
            return body.count { $0 == "1" } % 2 == 0 ? "even" : "odd"
        }
        try solve("group-word", ["length": 72]) { text, asked in
            let body = text.components(separatedBy: asked)[0].components(separatedBy: "\n").last { $0.count > 60 } ?? ""
            var state = ["a", "b", "c"]
            for step in try all(#"\b([abc]{3})\b"#, in: body) {
                let images = Array(step[0]).map(String.init)
                state = state.map { images[["a": 0, "b": 1, "c": 2][$0] ?? 0] }
            }
            return state.joined()
        }
        try solve("modular-arithmetic", ["length": 72]) { text, asked in
            let body = text.components(separatedBy: asked)[0].components(separatedBy: "\n").last { $0.count > 60 } ?? ""
            let terms = try all(#"(?:^|[+-]|: ?) ?((?:\d|\*| )+)"#, in: body).map { $0[0] }.filter {
                $0.contains { $0.isNumber }
            }
            let signs = body.filter { "+-".contains($0) }
            let values = terms.map { term in
                term.split(separator: "*").map { Int($0.trimmingCharacters(in: .whitespaces)) ?? 0 }.reduce(1) {
                    $0 * $1 % 5
                }
            }
            return
                "\(zip(signs, values.dropFirst()).reduce(values[0]) { ($1.0 == "+" ? $0 + $1.1 : $0 - $1.1 + 5) % 5 })"
        }
    }

    @Test func `jumps`() throws {
        try solve("hop-induction") { text, asked in
            let start = try facts([#"(?:jumps|make): (\d+)\. (?:Words|Names): ([A-Za-z ]+)"#], in: text).last ?? []
            let words = start[1].split(separator: " ").map(String.init)
            var at = words.count - 1
            for _ in 0..<(Int(start[0]) ?? 0) {
                guard let back = words[..<at].lastIndex(of: words[at]) else { return nil }
                at = back + 1
            }
            return words[at]
        }
    }

    @Test func `things and people on their way`() throws {
        try solve("story") { text, asked in
            let story = text.components(separatedBy: "\nQ")[0]
            var (places, holders): ([String: [String]], [String: String]) = ([:], [:])
            let steps = try all(
                #"(\w+) (?:(?:goes|walks) to ((?:the )?\w+)|(?:takes|picks up) (the \w+)|(?:sends|hands) (the \w+) (?:over )?to (\w+))\."#,
                in: story)
            for step in steps {
                if !step[1].isEmpty { places[step[0], default: []].append(step[1]) }
                if !step[2].isEmpty { holders[step[2]] = step[0] }
                if !step[3].isEmpty { holders[step[3]] = step[4] }
            }
            if let thing = try name([#"Who (?:has|carries) (the \w+)"#], in: asked).first { return holders[thing] }
            let subject = try name([#"(?:Where|place) (?:is|was) ((?:the )?\w+)"#], in: asked)[0]
            let way = places[holders[subject] ?? subject] ?? []
            return asked.contains(" was ") ? way.dropLast().last : way.last
        }
    }
}
