import AssayCore
import GRDB

/// Finding batches, runs and checkpoints.
extension Store {
    /// All batches, in the order in which they were first recorded.
    public func batches() throws -> [BatchRecord] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT identity, name, control, definition FROM batch ORDER BY id").map {
                BatchRecord(identity: try $0.hash(0), name: $0[1], control: $0[2], definition: $0[3])
            }
        }
    }

    /// The last recorded batch of a name, or the one whose identity begins with it.
    /// - Throws: ``AssayError`` of kind `usage` when there is none.
    public func batch(named name: String) throws -> BatchRecord {
        let batches = try batches()
        guard let found = batches.last(where: { $0.name == name || $0.identity.hexadecimal.hasPrefix(name) }) else {
            throw AssayError(
                .usage, "there is no batch '\(name)' in the store",
                remedy: Suggestion.remedy(for: name, among: Array(Set(batches.map(\.name))).sorted()))
        }
        return found
    }

    /// The runs that stand for the arms of a batch, by arm and seed.
    public func arms(ofBatch batch: ContentHash) throws -> [BatchArmRecord] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT batch_arm.arm, batch_arm.seed, arm_run.identity FROM batch_arm
                    JOIN batch ON batch.id = batch_arm.batch JOIN arm_run ON arm_run.id = batch_arm.run
                    WHERE batch.identity = ? ORDER BY batch_arm.arm, batch_arm.seed
                    """, arguments: [batch.hexadecimal]
            ).map { BatchArmRecord(arm: $0[0], seed: $0.seed(1), run: try $0.hash(2)) }
        }
    }

    /// The invocations over a batch, or over all, oldest first.
    public func provenance(ofBatch batch: ContentHash? = nil) throws -> [ProvenanceRecord] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT batch.identity, assay_version, machine, processor, kernels, swift_version, command, started,
                        ended, outcome
                    FROM provenance JOIN batch ON batch.id = provenance.batch
                    WHERE ? IS NULL OR batch.identity = ? ORDER BY provenance.id
                    """, arguments: [batch?.hexadecimal, batch?.hexadecimal]
            ).map {
                ProvenanceRecord(
                    batch: try $0.hash(0), assayVersion: $0[1], machine: $0[2], processor: $0[3], kernels: $0[4],
                    swiftVersion: $0[5], command: $0[6], started: try Column.date($0[7]),
                    ended: try ($0[8] as String?).map(Column.date), outcome: $0[9])
            }
        }
    }

    /// All runs, or those of an arm, by arm and seed.
    public func runs(arm: String? = nil) throws -> [RunRecord] {
        try read { db in
            try Row.fetchAll(
                db, sql: Store.runColumns + " WHERE ? IS NULL OR arm = ? ORDER BY arm, seed, identity",
                arguments: [arm, arm]
            ).map(Store.run)
        }
    }

    /// A run by its identity.
    public func run(_ identity: ContentHash) throws -> RunRecord? {
        try read { db in
            try Row.fetchOne(db, sql: Store.runColumns + " WHERE identity = ?", arguments: [identity.hexadecimal])
                .map(Store.run)
        }
    }

    /// The logged steps of a run, by step.
    public func trainingSteps(ofRun run: ContentHash) throws -> [TrainingStepRecord] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT step, loss, gradient_norm, learning_rate, tokens FROM training_step
                    JOIN arm_run ON arm_run.id = training_step.run WHERE arm_run.identity = ? ORDER BY step
                    """, arguments: [run.hexadecimal]
            ).map {
                TrainingStepRecord(
                    step: $0[0], loss: $0.number(1), gradientNorm: $0.number(2), learningRate: $0.number(3),
                    tokens: $0[4])
            }
        }
    }

    /// The checkpoints that a selector means, by arm, seed and step.
    ///
    /// The arm is looked for among the names that batches use (of the selector's batch, when it has one) and among the
    /// names under which runs were first recorded.
    public func checkpoints(_ selector: CheckpointSelector = CheckpointSelector()) throws -> [CheckpointRecord] {
        var conditions: [String] = []
        var arguments = StatementArguments()
        // The names of arms: what each batch calls a run, and what the run was first called.
        var names = "SELECT batch_arm.run, batch_arm.arm FROM batch_arm JOIN batch ON batch.id = batch_arm.batch"
        if let batch = selector.batch {
            names += " WHERE batch.identity = ?"
            arguments += [batch.hexadecimal]
        } else if selector.arm != nil {
            names += " UNION SELECT id, arm FROM arm_run"
        } else {
            names = "SELECT id AS run, arm FROM arm_run"
        }
        if let arm = selector.arm {
            conditions.append("names.arm = ?")
            arguments += [arm]
        }
        if let seed = selector.seed {
            conditions.append("arm_run.seed = ?")
            arguments += [Column.seed(seed)]
        }
        if let step = selector.step {
            conditions.append("run_checkpoint.step = ?")
            arguments += [step]
        }
        if let prefix = selector.hashPrefix {
            conditions.append("substr(checkpoint.hash, 1, ?) = ?")
            arguments += [prefix.count, prefix.lowercased()]
        }
        let filter = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        let sql = """
            SELECT DISTINCT checkpoint.hash, arm_run.identity, names.arm, arm_run.seed, run_checkpoint.step,
                run_checkpoint.path
            FROM (\(names)) AS names
            JOIN arm_run ON arm_run.id = names.run
            JOIN run_checkpoint ON run_checkpoint.run = arm_run.id
            JOIN checkpoint ON checkpoint.id = run_checkpoint.checkpoint\(filter)
            ORDER BY names.arm, arm_run.seed, run_checkpoint.step, arm_run.identity
            """
        return try read { db in
            try Row.fetchAll(db, sql: sql, arguments: arguments).map(Store.checkpoint)
        }
    }

    /// The checkpoints of a run, by step.
    public func checkpoints(ofRun run: ContentHash) throws -> [CheckpointRecord] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT checkpoint.hash, arm_run.identity, arm_run.arm, arm_run.seed, run_checkpoint.step,
                        run_checkpoint.path
                    FROM arm_run JOIN run_checkpoint ON run_checkpoint.run = arm_run.id
                    JOIN checkpoint ON checkpoint.id = run_checkpoint.checkpoint
                    WHERE arm_run.identity = ? ORDER BY run_checkpoint.step
                    """, arguments: [run.hexadecimal]
            ).map(Store.checkpoint)
        }
    }

    static func checkpoint(_ row: Row) throws -> CheckpointRecord {
        CheckpointRecord(
            hash: try row.hash(0), run: try row.hash(1), arm: row[2], seed: row.seed(3), step: row[4], path: row[5])
    }

    /// The checkpoints that a person means: an arm, `ARM@STEP`, `ARM:seed=SEED@STEP`, or a hash prefix of four digits
    /// or more that fits one checkpoint.
    /// - Throws: ``AssayError`` that names what there is when nothing fits.
    public func checkpoints(named text: String) throws -> [CheckpointRecord] {
        let selector = try CheckpointSelector(parsing: text)
        let found = try checkpoints(selector)
        if !found.isEmpty { return found }
        if let prefix = selector.arm, prefix.count >= 4, prefix.allSatisfy(\.isHexDigit) {
            let byHash = try checkpoints(
                CheckpointSelector(seed: selector.seed, step: selector.step, hashPrefix: prefix))
            let hashes = Set(byHash.map(\.hash))
            if hashes.count == 1 { return byHash }
            if hashes.count > 1 {
                throw AssayError(
                    .usage, "\(hashes.count) checkpoints begin with these digits", at: text,
                    remedy: "Give more digits: " + hashes.sorted().map(\.short).joined(separator: ", "))
            }
        }
        throw try nothingFits(selector, text)
    }

    private func nothingFits(_ selector: CheckpointSelector, _ text: String) throws -> AssayError {
        let arms = try armNames()
        guard !arms.isEmpty else {
            return AssayError(
                .usage, "the store has no checkpoints", at: url.path, remedy: "Run a batch first with 'assay run'")
        }
        guard let arm = selector.arm, arms.contains(arm) else {
            return AssayError(
                .usage, "no arm and no checkpoint is called '\(selector.arm ?? text)'", at: text,
                remedy: Suggestion.remedy(for: selector.arm ?? text, among: arms))
        }
        let there = try checkpoints(CheckpointSelector(arm: arm))
        let seeds = Set(there.map(\.seed)).sorted().map(String.init).joined(separator: ", ")
        let steps = Set(there.map(\.step)).sorted().map(String.init).joined(separator: ", ")
        return AssayError(
            .usage, "arm '\(arm)' has no such checkpoint", at: text,
            remedy: there.isEmpty ? "It has none yet" : "It has seeds \(seeds) and steps \(steps)")
    }

    /// All names of arms, sorted.
    public func armNames() throws -> [String] {
        try read { db in
            try String.fetchAll(db, sql: "SELECT arm FROM batch_arm UNION SELECT arm FROM arm_run ORDER BY 1")
        }
    }

    private static let runColumns = "SELECT identity, arm, architecture, recipe, seed, status, reason FROM arm_run"

    private static func run(_ row: Row) throws -> RunRecord {
        RunRecord(
            identity: try row.hash(0), arm: row[1], architecture: row[2], recipe: row[3], seed: row.seed(4),
            status: RunStatus(name: row[5], reason: row[6]))
    }
}
