import GRDB

/// One step forward of the schema; steps are never changed once published, only appended.
struct Migration: Sendable {
    /// The `user_version` of a store after this step.
    let version: Int
    /// The statements of the step, run in one transaction.
    let statements: String
}

/// The tables of a store and how they came to be.
///
/// Natural identities are content hashes (64 hexadecimal digits); the integer ids only save space inside one file and
/// mean nothing outside of it.
enum Schema {
    /// `ASSY`: tells a store from any other SQLite file.
    static let applicationID = 0x4153_5359

    /// Every step, oldest first.
    static let migrations = [
        Migration(version: 1, statements: planTables + resultTables),
        Migration(version: 2, statements: measurementColumns),
        Migration(version: 3, statements: policyTables),
        Migration(version: 4, statements: fileTable),
        Migration(version: 5, statements: replyTable),
        Migration(version: 6, statements: calibrationTable),
        Migration(version: 7, statements: cellPortions + spendingTable),
    ]

    /// What the self-check of a batch found.
    private static let calibrationTable = """
        CREATE TABLE calibration (
            id INTEGER PRIMARY KEY,
            identity TEXT NOT NULL UNIQUE,
            batch INTEGER NOT NULL REFERENCES batch(id),
            content TEXT NOT NULL
        ) STRICT;
        CREATE INDEX calibration_batch ON calibration(batch);

        """

    /// Cells may begin after the first cluster: the portions that items are drawn in.
    ///
    /// SQLite cannot change a constraint of a table, so the table is made anew under the same ids; the rows that refer to
    /// them are checked when the transaction ends.
    private static let cellPortions = """
        PRAGMA defer_foreign_keys = ON;
        CREATE TEMP TABLE old_cell AS SELECT * FROM cell;
        DROP TABLE cell;
        CREATE TABLE cell (
            id INTEGER PRIMARY KEY,
            identity TEXT NOT NULL UNIQUE,
            checkpoint INTEGER NOT NULL REFERENCES checkpoint(id),
            task INTEGER NOT NULL REFERENCES task(id),
            condition INTEGER NOT NULL REFERENCES condition(id),
            kernel_version TEXT NOT NULL,
            grader_version INTEGER NOT NULL,
            first_cluster INTEGER NOT NULL DEFAULT 0,
            clusters INTEGER NOT NULL,
            item_count INTEGER NOT NULL,
            lost INTEGER NOT NULL,
            seconds REAL NOT NULL,
            UNIQUE (checkpoint, task, condition, kernel_version, grader_version, first_cluster, clusters)
        ) STRICT;
        INSERT INTO cell (id, identity, checkpoint, task, condition, kernel_version, grader_version, clusters, item_count,
            lost, seconds)
        SELECT id, identity, checkpoint, task, condition, kernel_version, grader_version, clusters, item_count, lost,
            seconds FROM old_cell;
        DROP TABLE old_cell;
        CREATE INDEX cell_task ON cell(task);

        """

    /// Where the drawing of items of a batch's tasks stopped, and what it was looked at for.
    private static let spendingTable = """
        CREATE TABLE spending (
            batch INTEGER NOT NULL REFERENCES batch(id),
            version TEXT NOT NULL,
            task TEXT NOT NULL,
            method TEXT NOT NULL,
            looks TEXT NOT NULL,
            look INTEGER NOT NULL,
            declared INTEGER NOT NULL,
            undecided INTEGER NOT NULL,
            items INTEGER NOT NULL,
            planned_items INTEGER NOT NULL,
            PRIMARY KEY (batch, version, task)
        ) STRICT, WITHOUT ROWID;

        """

    /// What a measurement is of, and the machine that it depends on.
    private static let measurementColumns = """
        ALTER TABLE measurement ADD COLUMN kind TEXT NOT NULL DEFAULT 'items';
        ALTER TABLE measurement ADD COLUMN environment TEXT;

        """

    /// Digests of files, each good as long as the file system says the same of the file.
    private static let fileTable = """
        CREATE TABLE file_digest (
            path TEXT PRIMARY KEY,
            stamp TEXT NOT NULL,
            digest TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        """

    /// What served models answered, so that no question is asked twice.
    private static let replyTable = """
        CREATE TABLE served_reply (
            question TEXT PRIMARY KEY,
            answer TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        """

    /// Runs of reinforcement learning: what each step showed, and how episodes end before and after.
    private static let policyTables = """
        CREATE TABLE policy_run (
            id INTEGER PRIMARY KEY,
            identity TEXT NOT NULL UNIQUE,
            arm TEXT NOT NULL,
            start TEXT NOT NULL,
            seed INTEGER NOT NULL,
            precision TEXT NOT NULL,
            task TEXT NOT NULL,
            recipe TEXT NOT NULL,
            reason TEXT,
            step INTEGER NOT NULL,
            checkpoint TEXT,
            path TEXT
        ) STRICT;
        CREATE TABLE policy_step (
            run INTEGER NOT NULL REFERENCES policy_run(id),
            step INTEGER NOT NULL,
            figure TEXT NOT NULL,
            value REAL,
            PRIMARY KEY (run, step, figure)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE policy_episode (
            run INTEGER NOT NULL REFERENCES policy_run(id),
            episode INTEGER NOT NULL,
            start REAL NOT NULL,
            trained REAL,
            PRIMARY KEY (run, episode)
        ) STRICT, WITHOUT ROWID;

        """

    /// What is run: batches, arms, checkpoints, tasks, conditions.
    private static let planTables = """
        CREATE TABLE batch (
            id INTEGER PRIMARY KEY,
            identity TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            control TEXT NOT NULL,
            definition TEXT NOT NULL
        ) STRICT;
        CREATE TABLE provenance (
            id INTEGER PRIMARY KEY,
            batch INTEGER NOT NULL REFERENCES batch(id),
            assay_version TEXT NOT NULL,
            machine TEXT NOT NULL,
            processor TEXT NOT NULL,
            kernels TEXT NOT NULL,
            swift_version TEXT NOT NULL,
            command TEXT NOT NULL,
            started TEXT NOT NULL,
            ended TEXT,
            outcome TEXT
        ) STRICT;
        CREATE INDEX provenance_batch ON provenance(batch);
        CREATE TABLE arm_run (
            id INTEGER PRIMARY KEY,
            identity TEXT NOT NULL UNIQUE,
            arm TEXT NOT NULL,
            architecture TEXT NOT NULL,
            recipe TEXT NOT NULL,
            seed INTEGER NOT NULL,
            status TEXT NOT NULL CHECK (status IN ('running', 'finished', 'failed')),
            reason TEXT
        ) STRICT;
        CREATE TABLE batch_arm (
            batch INTEGER NOT NULL REFERENCES batch(id),
            arm TEXT NOT NULL,
            seed INTEGER NOT NULL,
            run INTEGER NOT NULL REFERENCES arm_run(id),
            PRIMARY KEY (batch, arm, seed)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX batch_arm_run ON batch_arm(run);
        CREATE TABLE training_step (
            run INTEGER NOT NULL REFERENCES arm_run(id),
            step INTEGER NOT NULL,
            loss REAL,
            gradient_norm REAL,
            learning_rate REAL,
            tokens INTEGER NOT NULL,
            PRIMARY KEY (run, step)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE checkpoint (
            id INTEGER PRIMARY KEY,
            hash TEXT NOT NULL UNIQUE
        ) STRICT;
        CREATE TABLE run_checkpoint (
            run INTEGER NOT NULL REFERENCES arm_run(id),
            step INTEGER NOT NULL,
            checkpoint INTEGER NOT NULL REFERENCES checkpoint(id),
            path TEXT NOT NULL,
            PRIMARY KEY (run, step)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX run_checkpoint_checkpoint ON run_checkpoint(checkpoint);
        CREATE TABLE task (
            id INTEGER PRIMARY KEY,
            identity TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            generator TEXT NOT NULL,
            version INTEGER NOT NULL,
            parameters TEXT NOT NULL,
            stream TEXT NOT NULL,
            family TEXT NOT NULL,
            stated_floor REAL NOT NULL,
            measured_floors TEXT NOT NULL
        ) STRICT;
        CREATE TABLE batch_task (
            batch INTEGER NOT NULL REFERENCES batch(id),
            name TEXT NOT NULL,
            task INTEGER NOT NULL REFERENCES task(id),
            PRIMARY KEY (batch, name)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX batch_task_task ON batch_task(task);
        CREATE TABLE item (
            task INTEGER NOT NULL REFERENCES task(id),
            item INTEGER NOT NULL,
            cluster INTEGER NOT NULL,
            hops INTEGER NOT NULL,
            facts INTEGER NOT NULL,
            length INTEGER NOT NULL,
            distance INTEGER NOT NULL,
            load INTEGER NOT NULL,
            position REAL NOT NULL,
            parent INTEGER,
            content INTEGER NOT NULL,
            PRIMARY KEY (task, item)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE condition (
            id INTEGER PRIMARY KEY,
            identity TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            definition TEXT NOT NULL
        ) STRICT;

        """

    /// What came out: cells, responses, metrics, verdicts, drift.
    private static let resultTables = """
        CREATE TABLE cell (
            id INTEGER PRIMARY KEY,
            identity TEXT NOT NULL UNIQUE,
            checkpoint INTEGER NOT NULL REFERENCES checkpoint(id),
            task INTEGER NOT NULL REFERENCES task(id),
            condition INTEGER NOT NULL REFERENCES condition(id),
            kernel_version TEXT NOT NULL,
            grader_version INTEGER NOT NULL,
            clusters INTEGER NOT NULL,
            item_count INTEGER NOT NULL,
            lost INTEGER NOT NULL,
            seconds REAL NOT NULL,
            UNIQUE (checkpoint, task, condition, kernel_version, grader_version, clusters)
        ) STRICT;
        CREATE INDEX cell_task ON cell(task);
        CREATE TABLE response (
            cell INTEGER NOT NULL REFERENCES cell(id),
            item INTEGER NOT NULL,
            status INTEGER NOT NULL,
            score REAL,
            nll REAL,
            output TEXT NOT NULL,
            detail TEXT,
            PRIMARY KEY (cell, item)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE measurement (
            id INTEGER PRIMARY KEY,
            identity TEXT NOT NULL UNIQUE,
            checkpoint INTEGER NOT NULL REFERENCES checkpoint(id)
        ) STRICT;
        CREATE INDEX measurement_checkpoint ON measurement(checkpoint);
        CREATE TABLE metric (
            measurement INTEGER NOT NULL REFERENCES measurement(id),
            position INTEGER NOT NULL,
            metric TEXT NOT NULL,
            task TEXT NOT NULL,
            condition TEXT NOT NULL,
            slice TEXT NOT NULL,
            value REAL,
            low REAL,
            high REAL,
            n INTEGER NOT NULL,
            clusters INTEGER NOT NULL,
            lost INTEGER NOT NULL,
            note TEXT,
            PRIMARY KEY (measurement, position)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE batch_measurement (
            batch INTEGER NOT NULL REFERENCES batch(id),
            measurement INTEGER NOT NULL REFERENCES measurement(id),
            PRIMARY KEY (batch, measurement)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE comparison (
            id INTEGER PRIMARY KEY,
            identity TEXT NOT NULL UNIQUE,
            baseline TEXT NOT NULL,
            candidate TEXT NOT NULL,
            baseline_checkpoints TEXT NOT NULL,
            candidate_checkpoints TEXT NOT NULL,
            options TEXT NOT NULL
        ) STRICT;
        CREATE TABLE batch_comparison (
            batch INTEGER NOT NULL REFERENCES batch(id),
            position INTEGER NOT NULL,
            comparison INTEGER NOT NULL REFERENCES comparison(id),
            PRIMARY KEY (batch, position)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE verdict (
            comparison INTEGER NOT NULL REFERENCES comparison(id),
            position INTEGER NOT NULL,
            metric TEXT NOT NULL,
            task TEXT NOT NULL,
            condition TEXT NOT NULL,
            slice TEXT NOT NULL,
            baseline REAL,
            candidate REAL,
            estimate REAL,
            standard_error REAL,
            degrees_of_freedom INTEGER,
            low REAL,
            high REAL,
            p REAL,
            adjusted_p REAL,
            detectable REAL,
            margin REAL,
            pairs INTEGER NOT NULL,
            clusters INTEGER NOT NULL,
            lost INTEGER NOT NULL,
            unit TEXT NOT NULL,
            seeds INTEGER NOT NULL,
            verdict TEXT NOT NULL,
            is_material INTEGER NOT NULL,
            is_equivalent INTEGER NOT NULL,
            is_primary INTEGER NOT NULL,
            items_needed INTEGER,
            note TEXT,
            direction TEXT NOT NULL,
            PRIMARY KEY (comparison, position)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE drift (
            id INTEGER PRIMARY KEY,
            identity TEXT NOT NULL UNIQUE,
            arm TEXT NOT NULL,
            control TEXT NOT NULL
        ) STRICT;
        CREATE TABLE batch_drift (
            batch INTEGER NOT NULL REFERENCES batch(id),
            position INTEGER NOT NULL,
            drift INTEGER NOT NULL REFERENCES drift(id),
            PRIMARY KEY (batch, position)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE drift_series (
            drift INTEGER NOT NULL REFERENCES drift(id),
            position INTEGER NOT NULL,
            metric TEXT NOT NULL,
            task TEXT NOT NULL,
            condition TEXT NOT NULL,
            slice TEXT NOT NULL,
            threshold REAL,
            p REAL,
            alarm_step INTEGER,
            onset_step INTEGER,
            direction TEXT NOT NULL,
            magnitude REAL,
            note TEXT,
            PRIMARY KEY (drift, position)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE drift_point (
            drift INTEGER NOT NULL,
            position INTEGER NOT NULL,
            step INTEGER NOT NULL,
            control REAL,
            candidate REAL,
            difference REAL,
            standardised REAL,
            rise REAL,
            fall REAL,
            PRIMARY KEY (drift, position, step),
            FOREIGN KEY (drift, position) REFERENCES drift_series(drift, position)
        ) STRICT, WITHOUT ROWID;

        """
}
