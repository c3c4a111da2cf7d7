import AssayCore
import Testing

@testable import AssayTasks

@Suite struct GeneratorTests {
    @Test("items depend on nothing but their number: any order, any instance, the same items", arguments: TaskCase.all)
    func determinism(_ testCase: TaskCase) throws {
        let (first, second) = (try testCase.make(), try testCase.make())
        let forward = (0..<40).map { first.cluster(.evaluation(seed: 3), index: $0) }
        let backward = (0..<40).reversed().map { second.cluster(.evaluation(seed: 3), index: $0) }
        #expect(forward == Array(backward.reversed()))
        let training = (0..<40).map { first.trainingSequence(.training(seed: 3), index: $0) }
        _ = second.cluster(.training(seed: 3), index: 7)
        #expect(second.trainingSequence(.training(seed: 3), index: 17) == training[17])
        #expect(Set(training.map(\.tokens)).count == training.count)
    }

    @Test("seeds, streams and parameters give other items", arguments: TaskCase.defaults)
    func separation(_ testCase: TaskCase) throws {
        let task = try testCase.make()
        let base = task.cluster(.evaluation(seed: 1), index: 5)
        #expect(base != task.cluster(.evaluation(seed: 2), index: 5))
        #expect(base != task.cluster(.training(seed: 1), index: 5))
        let longer = try TaskRegistry.make(testCase.name, parameters: ["length": task.length + 16])
        #expect(longer.identity != task.identity)
        let other = longer.cluster(.evaluation(seed: 1), index: 5)[0].tokens.prefix(20)
        #expect(!other.elementsEqual(base[0].tokens.prefix(20)))
    }

    @Test("the hold-out keeps contexts apart even where there are few", arguments: 0..<1)
    func holdOutOfSmallSpaces(_: Int) {
        let source = ItemSource(TaskIdentity(generator: "small", version: 1, parameters: [:]))
        func draw(_ stream: ItemStream) -> Set<Int32> {
            Set(
                (0..<2000).map { index in
                    source.draw(stream, .cluster, index) { random in
                        let value = Int32(random.below(64))
                        return (value, ContentBits.fast([value]))
                    }.context
                })
        }
        let (training, evaluation) = (draw(.training(seed: 1)), draw(.evaluation(seed: 1)))
        #expect(training.isDisjoint(with: evaluation))
        #expect(training.union(evaluation).count == 64)
        #expect(evaluation.count > 4 && training.count > 30)
    }

    @Test("item identities are unique within a task", arguments: TaskCase.defaults)
    func identities(_ testCase: TaskCase) throws {
        let task = try testCase.make()
        var ids: [ItemID] = []
        for index in 0..<200 {
            ids += task.cluster(.evaluation(seed: 1), index: index).flatMap { $0.questions.map(\.item.id) }
            if let agents = task as? any AgentTaskGenerator {
                ids.append(agents.environment(.evaluation(seed: 1), index: index).item.id)
            }
        }
        #expect(Set(ids).count == ids.count)
    }

    @Test("length, load and place do not vary with the item in evaluation", arguments: TaskCase.defaults)
    func evaluationIsFixed(_ testCase: TaskCase) throws {
        let task = try testCase.make()
        let mains = (0..<300).map { task.cluster(.evaluation(seed: 4), index: $0)[0] }
        #expect(Set(mains.map(\.usedLength)).count == 1)
        #expect(Set(mains.flatMap { $0.questions.map(\.item.facts) }).count == 1)
        #expect(mains.allSatisfy { $0.tokens.count == task.length })
    }

    @Test("training has easy and hard sequences", arguments: TaskCase.defaults)
    func trainingVaries(_ testCase: TaskCase) throws {
        let task = try testCase.make()
        // A word is asked after each letter: every training sequence holds all shorter words.
        if task.family == .stateTracking { return }
        let facts = (0..<400).map { task.trainingSequence(.training(seed: 4), index: $0).questions[0].item.facts }
        let most = task.cluster(.evaluation(seed: 4), index: 0)[0].questions[0].item.facts
        #expect(facts.max() == most)
        #expect(Set(facts).count > 2)
        #expect(Double(facts.filter { $0 == most }.count) > 400 * 0.2)
        // Questions take the place of noise: training is denser than evaluation.
        let asked = (0..<400).map { task.trainingSequence(.training(seed: 4), index: $0).questions.count }
        let few = task.cluster(.evaluation(seed: 4), index: 0)[0].questions.count
        #expect(task.family == .agent || Double(asked.reduce(0, +)) > 1.5 * Double(400 * few))
    }

    /// When one of these changes, raise the version of the generator, and then write the new digest here.
    @Test("a generator that makes other items has another version", arguments: TaskRegistry.kinds.map(\.name))
    func pinned(_ name: String) throws {
        let task = try TaskRegistry.make(name)
        var hasher = ContentHasher()
        for index in 0..<50 {
            for sequence in task.cluster(.evaluation(seed: 1), index: index) { hasher.update(sequence.tokens) }
            hasher.update(task.trainingSequence(.training(seed: 1), index: index).tokens)
        }
        #expect("v\(task.identity.version) \(hasher.finish().short)" == GeneratorTests.digests[name], "\(name)")
    }

    @Test("every digest is that of a generator") func noDigestIsLeftOver() {
        #expect(Set(GeneratorTests.digests.keys) == Set(TaskRegistry.kinds.map(\.name)))
    }

    static let digests: [String: String] = [
        "associative-recall": "v1 731a208b4ab6", "multi-value-recall": "v1 bce1d07573a9",
        "updated-recall": "v1 f06b68620f29", "needle": "v1 5742d76fc8bf",
        "successor": "v1 862a47fdf98e", "variable-tracking": "v1 d3394f605c3e",
        "parity": "v1 42ed94d87733", "modular-arithmetic": "v1 28accdb388b1", "group-word": "v1 d93e8275f166",
        "tool-world": "v1 ae3917eab409",
        "grid-maze": "v1 a569e1838b20",
        "ticket-desk": "v1 f92c4b51ac12",
        "warehouse": "v1 7cf7b04c7eda",
        "file-tree": "v1 67af959b84d0",
        "key-value-service": "v1 e1e7f9f274ff",
        "mqar": "v1 f702d5104bd2",
        "distance-recall": "v1 de907c717b2e",
        "compositional-recall": "v1 dc6c9f83ba76",
        "noisy-recall": "v1 b769488c99f3",
        "fuzzy-recall": "v1 eb9bbac2b8e3",
        "phone-book": "v1 6bf47c19a344",
        "needle-haystack": "v1 4fff5634fd32",
        "associative-needle": "v1 0e2ec8ae008b",
        "stacks": "v1 932e03c873f2",
        "induction": "v1 d1c761b8a005",
        "copying": "v1 fdbef82fb0c5",
        "selective-copying": "v1 1c5a29915982",
        "palindrome": "v1 80a56ff840d3",
        "common-words": "v1 060c0fb151b1",
        "frequent-words": "v1 88376f23d04d",
        "conversation": "v1 f9f5a523dfb8",
        "instruction": "v1 a2d95c82eca8",
        "reread-recall": "v1 e15d78c17704",
        "hop-induction": "v1 f4fc794d7f88",
        "pointer-table": "v1 d4d1c5c21fc6",
        "kinship": "v1 49821aad6d28",
        "arithmetic-tree": "v2 5b1647a85bfc",
        "operation-ladder": "v1 b55dd1b5703a",
        "deduction": "v1 55a630d10494",
        "story": "v1 c0cff7139dc1",
        "topological-order": "v1 0d0d21596a13",
        "boxes": "v1 48560ee8f0f0",
        "modular-counter": "v1 03fdab86e38d",
    ]
}
