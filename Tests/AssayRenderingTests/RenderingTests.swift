import AssayCore
import AssayTasks
import Foundation
import Testing

@testable import AssayRendering

/// Every task as text: nothing of an item may be lost or said wrongly on the way from symbols to English.
@Suite struct RenderingTests {
    /// All tasks that models read in one go; agents speak JSON.
    static let kinds = TaskRegistry.kinds.filter { $0.family != .agent }

    @Test func `every task that is no agent's has a text`() {
        #expect(TextTask.generators == Self.kinds.map(\.name).sorted())
    }

    @Test(arguments: kinds.map(\.name))
    func `every token is part of a phrase, every question stands where its answer belongs`(name: String) throws {
        let task = try TextTask(TaskRegistry.make(name), shots: 1)
        for index in 0..<TextTask.templates {
            let symbolic = task.generator.cluster(.evaluation(seed: 1), index: index)
            let texts = task.cluster(.evaluation(seed: 1), index: index)
            #expect(texts.count == symbolic.count)
            for (sequence, text) in zip(symbolic, texts) {
                let bytes = Array(text.text.utf8)
                #expect(text.unsaid == [], "tokens without a phrase")
                #expect(text.questions.map(\.number) == Array(sequence.questions.indices))
                #expect(text.questions.map(\.item.id) == sequence.questions.map(\.item.id))
                #expect(text.text.hasPrefix(task.opening(index)))
                #expect(!text.text.contains("{") && !text.text.contains("<"), "a format that was not filled")
                for question in text.questions {
                    #expect(!question.gold.contains(Vocabulary.end) && !question.gold.isEmpty)
                    #expect(question.answer.hasPrefix(" ") && !question.answer.hasPrefix("  "))
                    let prompt = text.prompt(question)
                    #expect(!prompt.hasSuffix(" "), "the space before an answer belongs to the answer")
                    let isHidden = sequence.questions[question.number].hiddenGold != nil
                    #expect(question.branch.isEmpty != isHidden)
                    if !isHidden { #expect(bytes.dropFirst(question.place).starts(with: question.answer.utf8)) }
                    #expect(question.choices.isEmpty || question.choices.contains(question.answer))
                    // The gold answer is right, whatever the grading.
                    let grade = task.grade(
                        question.answer + ".", question, in: sequence, template: text.template)
                    #expect(grade.score == 1 && grade.isExact, "\(question.answer)")
                    #expect(task.grade(" nothing", question, in: sequence, template: text.template).score < 1)
                }
            }
        }
    }

    @Test(arguments: kinds.map(\.name))
    func `an answer in words is one answer in symbols`(name: String) throws {
        let task = try TextTask(TaskRegistry.make(name), shots: 0)
        // Templates of a wording differ in labels alone.
        for wording in [0, 2] {
            var (words, tokens): ([[Int32]: String], [String: [Int32]]) = ([:], [:])
            for index in stride(from: wording, to: 24, by: TextTask.templates) {
                for question in task.cluster(.evaluation(seed: 1), index: index).flatMap(\.questions) {
                    #expect(
                        words.updateValue(question.answer, forKey: question.gold) ?? question.answer == question.answer)
                    #expect(
                        tokens.updateValue(question.gold, forKey: question.answer) ?? question.gold == question.gold)
                }
            }
            #expect(words.count == tokens.count && words.count > 1)
        }
    }

    @Test func `the words of each form are different from each other`() throws {
        // Checked when the forms are made: made here, for every choice that changes them.
        for (name, parameters) in [
            ("kinship", "system"), ("group-word", "group"), ("arithmetic-tree", "modulus"),
            ("operation-ladder", "modulus"),
        ] {
            let kind = try TaskRegistry.kind(named: name)
            let range = try #require(kind.parameters.first { $0.name == parameters }).range
            for value in range {
                let task = try TextTask(kind.make([parameters: value]))
                #expect(!task.cluster(.evaluation(seed: 1), index: 0)[0].questions.isEmpty)
            }
        }
        for count in [8, 16, 33, 48] {
            let task = try TextTask(
                TaskRegistry.make("associative-needle", parameters: ["symbols": count, "needles": 4]))
            let text = task.cluster(.evaluation(seed: 1), index: 2)[0]
            #expect(text.questions.allSatisfy { _ in text.unsaid == [] })
        }
    }

    @Test func `templates take turns over clusters, and share no wording and no labels`() throws {
        let task = try TextTask(TaskRegistry.make("associative-recall"), shots: 2)
        let texts = (0..<8).map { task.cluster(.evaluation(seed: 1), index: $0)[0] }
        #expect(texts.map(\.template) == [0, 1, 2, 3, 0, 1, 2, 3])
        let openings = (0..<4).map(task.opening)
        #expect(Set(openings).count == 4)
        for text in texts {
            #expect(String(decoding: text.text.utf8.prefix(text.sharedBytes), as: UTF8.self) == openings[text.template])
        }
    }

    @Test func `examples come from the training stream, where no evaluation item is from`() throws {
        for name in ["associative-recall", "successor", "parity", "kinship"] {
            let task = try TextTask(TaskRegistry.make(name), shots: 4)
            var examples: Set<UInt64> = []
            for template in 0..<TextTask.templates {
                for shot in 0..<4 {
                    let cluster = task.generator.cluster(
                        TextTask.exampleStream, index: template + TextTask.templates * shot)
                    examples.formUnion(cluster[0].questions.map(\.item.contentBits))
                }
            }
            #expect(examples.count >= 16)
            for index in 0..<200 {
                for sequence in task.generator.cluster(.evaluation(seed: 1), index: index) {
                    #expect(examples.isDisjoint(with: sequence.questions.map(\.item.contentBits)))
                }
            }
        }
        // Each example is shown with its answer.
        let opening = try TextTask(TaskRegistry.make("associative-recall"), shots: 3).opening(0)
        #expect(opening.components(separatedBy: "\nAnswer: ").count == 7)
        #expect(opening.components(separatedBy: "Text:").count == 5)
    }

    @Test func `the same item is the same text, and other examples are another task`() throws {
        let task = try TextTask(TaskRegistry.make("story"), shots: 1)
        #expect(task.cluster(.evaluation(seed: 1), index: 3) == task.cluster(.evaluation(seed: 1), index: 3))
        let other = try TextTask(TaskRegistry.make("story"), shots: 2)
        #expect(task.identity != other.identity && task.identity != task.generator.identity)
        #expect(throws: AssayError.self) { try TextTask(TaskRegistry.make("story"), shots: 9) }
        #expect(throws: AssayError.self) { try TextTask(TaskRegistry.make("grid-maze")) }
    }

    @Test func `texts only change with their version`() throws {
        var hasher = ContentHasher()
        for name in TextTask.generators {
            let task = try TextTask(TaskRegistry.make(name), shots: 1)
            for text in (0..<TextTask.templates).flatMap({ task.cluster(.evaluation(seed: 1), index: $0) }) {
                hasher.update(text.text)
                for question in text.questions {
                    hasher.update("\(question.place) \(question.branch)\(question.answer)")
                }
            }
        }
        // After a change that is meant, raise TextTask.version and take the new digest.
        #expect(hasher.finish().short == "e2f52385e214", "version \(TextTask.version)")
    }

    @Test func `an answer ends with its line or its word`() {
        #expect(TextTask.cut(" Paris\nQ:", .line) == " Paris")
        #expect(TextTask.cut(" New York", .line) == nil)
        #expect(TextTask.cut(" lamp book", .word) == " lamp")
        #expect(TextTask.cut(" lamp", .word) == nil && TextTask.cut("  ", .word) == nil)
        #expect(TextTask.cut("\n", .line) == "")
        #expect(TextTask.trimmed(" a b. ") == "a b" && TextTask.trimmed(" . ") == ".")
    }

    @Test func `sets are graded by what is in them, orders by whether they are valid`() throws {
        let task = try TextTask(TaskRegistry.make("multi-value-recall"), shots: 0)
        let sequence = task.generator.cluster(.evaluation(seed: 1), index: 0)[0]
        let question = task.cluster(.evaluation(seed: 1), index: 0)[0].questions[0]
        func grade(_ said: String) -> TextGrade { task.grade(said, question, in: sequence, template: 0) }
        let words = question.answer.split(separator: ", ").map { $0.trimmingPrefix(" ") }
        #expect(words.count == 3)
        #expect(grade(words.reversed().joined(separator: ", ")).score == 1)
        #expect(grade("\(words[0]) and \(words[1])").details["precision"] == 1)
        #expect(abs(grade("\(words[0]), nonsense").score - 0.4) < 1e-9)
        let order = try TextTask(TaskRegistry.make("topological-order"), shots: 0)
        let graph = order.generator.cluster(.evaluation(seed: 1), index: 0)[0]
        let asked = order.cluster(.evaluation(seed: 1), index: 0)[0].questions[0]
        #expect(order.grade(asked.answer, asked, in: graph, template: 0).score == 1)
        let reversed = asked.answer.dropFirst().split(separator: ", ").reversed().joined(separator: ", ")
        #expect(order.grade(reversed, asked, in: graph, template: 0).score == 0)
    }
}
