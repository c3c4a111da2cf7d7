extension CanonicalTable {
    /// Every table, in the order of the dump.
    static let all: [CanonicalTable] = [
        CanonicalTable(
            name: "batch", sql: "SELECT identity, name, control, definition FROM batch ORDER BY identity"),
        CanonicalTable(
            name: "arm_run",
            sql: "SELECT identity, arm, architecture, recipe, seed, status, reason FROM arm_run ORDER BY identity"),
        CanonicalTable(
            name: "batch_arm",
            sql: """
                SELECT batch.identity, batch_arm.arm, batch_arm.seed, arm_run.identity FROM batch_arm
                JOIN batch ON batch.id = batch_arm.batch JOIN arm_run ON arm_run.id = batch_arm.run
                ORDER BY 1, 2, 3
                """),
        CanonicalTable(
            name: "training_step",
            sql: """
                SELECT arm_run.identity, step, loss, gradient_norm, learning_rate, tokens FROM arm_run
                CROSS JOIN training_step ON training_step.run = arm_run.id ORDER BY arm_run.identity, step
                """),
        CanonicalTable(
            name: "run_checkpoint",
            sql: """
                SELECT arm_run.identity, step, checkpoint.hash FROM run_checkpoint
                JOIN arm_run ON arm_run.id = run_checkpoint.run
                JOIN checkpoint ON checkpoint.id = run_checkpoint.checkpoint ORDER BY 1, 2
                """),
        CanonicalTable(
            name: "task",
            sql: """
                SELECT identity, name, generator, version, parameters, stream, family, stated_floor, measured_floors
                FROM task ORDER BY identity
                """),
        CanonicalTable(
            name: "batch_task",
            sql: """
                SELECT batch.identity, batch_task.name, task.identity FROM batch_task
                JOIN batch ON batch.id = batch_task.batch JOIN task ON task.id = batch_task.task ORDER BY 1, 2
                """),
        CanonicalTable(
            name: "item",
            sql: """
                SELECT task.identity, item, cluster, hops, facts, length, distance, load, position, parent, content
                FROM task CROSS JOIN item ON item.task = task.id ORDER BY task.identity, item
                """),
        CanonicalTable(name: "condition", sql: "SELECT identity, name, definition FROM condition ORDER BY identity"),
        CanonicalTable(
            name: "cell",
            sql: """
                SELECT cell.identity, checkpoint.hash, task.identity, condition.identity, kernel_version,
                    grader_version, first_cluster, clusters, item_count, lost
                FROM cell JOIN checkpoint ON checkpoint.id = cell.checkpoint JOIN task ON task.id = cell.task
                JOIN condition ON condition.id = cell.condition ORDER BY cell.identity
                """),
        CanonicalTable(
            name: "response",
            sql: """
                SELECT cell.identity, item, status, score, nll, output, detail
                FROM cell CROSS JOIN response ON response.cell = cell.id ORDER BY cell.identity, item
                """),
        CanonicalTable(
            name: "metric",
            sql: """
                SELECT measurement.identity, checkpoint.hash, position, metric, task, metric.condition, slice, value,
                    low, high, n, clusters, lost, note
                FROM measurement JOIN checkpoint ON checkpoint.id = measurement.checkpoint
                JOIN metric ON metric.measurement = measurement.id WHERE environment IS NULL
                ORDER BY measurement.identity, position
                """),
        CanonicalTable(
            name: "batch_measurement",
            sql: """
                SELECT batch.identity, measurement.identity FROM batch_measurement
                JOIN batch ON batch.id = batch_measurement.batch
                JOIN measurement ON measurement.id = batch_measurement.measurement WHERE environment IS NULL
                ORDER BY 1, 2
                """),
        CanonicalTable(
            name: "comparison",
            sql: """
                SELECT identity, baseline, candidate, baseline_checkpoints, candidate_checkpoints, options
                FROM comparison ORDER BY identity
                """),
        CanonicalTable(
            name: "batch_comparison",
            sql: """
                SELECT batch.identity, position, comparison.identity FROM batch_comparison
                JOIN batch ON batch.id = batch_comparison.batch
                JOIN comparison ON comparison.id = batch_comparison.comparison ORDER BY 1, 2
                """),
        CanonicalTable(
            name: "verdict",
            sql: """
                SELECT comparison.identity, position, metric, task, condition, slice, verdict.baseline,
                    verdict.candidate, estimate, standard_error, degrees_of_freedom, low, high, p, adjusted_p,
                    detectable, margin, pairs, clusters, lost, unit, seeds, verdict, is_material, is_equivalent,
                    is_primary, items_needed, note, direction
                FROM comparison JOIN verdict ON verdict.comparison = comparison.id
                ORDER BY comparison.identity, position
                """),
        CanonicalTable(
            name: "spending",
            sql: """
                SELECT batch.identity, version, task, method, looks, look, declared, undecided, items, planned_items
                FROM spending JOIN batch ON batch.id = spending.batch ORDER BY 1, 2, 3
                """),
        CanonicalTable(name: "drift", sql: "SELECT identity, arm, control FROM drift ORDER BY identity"),
        CanonicalTable(
            name: "batch_drift",
            sql: """
                SELECT batch.identity, position, drift.identity FROM batch_drift
                JOIN batch ON batch.id = batch_drift.batch JOIN drift ON drift.id = batch_drift.drift ORDER BY 1, 2
                """),
        CanonicalTable(
            name: "drift_series",
            sql: """
                SELECT drift.identity, position, metric, task, condition, slice, threshold, p, alarm_step, onset_step,
                    direction, magnitude, note
                FROM drift JOIN drift_series ON drift_series.drift = drift.id ORDER BY drift.identity, position
                """),
        CanonicalTable(
            name: "drift_point",
            sql: """
                SELECT drift.identity, position, step, drift_point.control, candidate, difference, standardised, rise,
                    fall
                FROM drift JOIN drift_point ON drift_point.drift = drift.id
                ORDER BY drift.identity, position, step
                """),
        CanonicalTable(
            name: "policy_run",
            sql: """
                SELECT identity, arm, start, seed, precision, task, recipe, reason, step, checkpoint FROM policy_run
                ORDER BY identity
                """),
        CanonicalTable(
            name: "policy_step",
            sql: """
                SELECT identity, policy_step.step, figure, value FROM policy_run
                JOIN policy_step ON policy_step.run = policy_run.id WHERE figure <> 'seconds' ORDER BY 1, 2, 3
                """),
        CanonicalTable(
            name: "policy_episode",
            sql: """
                SELECT identity, episode, policy_episode.start, trained FROM policy_run
                JOIN policy_episode ON policy_episode.run = policy_run.id ORDER BY 1, 2
                """),
        CanonicalTable(
            name: "calibration",
            sql: """
                SELECT calibration.identity, batch.identity, content FROM calibration
                JOIN batch ON batch.id = calibration.batch ORDER BY calibration.identity
                """),
    ]
}
