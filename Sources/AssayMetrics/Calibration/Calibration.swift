import AssayStatistics

/// What the self-check of a batch found: whether alarms are as rare as they are said to be, losses found as often, and
/// which metric sees which damage.
public struct Calibration: Sendable, Codable, Hashable {
    /// Raised whenever the same responses would give other figures.
    public static let version = 3

    /// The arm that the others are held against.
    public var control: String
    /// Comparisons of each kind without a difference.
    public var repeats: Int
    /// Chance of error of a decision.
    public var alpha: Double
    /// False alarms, one for each kind of null.
    public var falseAlarms: [FalseAlarms]
    /// Two seeds of one arm compared as checkpoints; nil where every arm has one seed.
    public var seeds: SeedDifferences?
    /// Power at planted losses.
    public var power: [PlantedPower]
    /// Delays along series of checkpoints.
    public var delays: [DetectionDelay]
    /// What each metric said of each planted fault.
    public var faults: [FaultOutcome]
    /// What could not be tried, and why.
    public var notes: [String]

    /// Results; none yet unless told.
    public init(
        control: String, repeats: Int, alpha: Double, falseAlarms: [FalseAlarms] = [], power: [PlantedPower] = [],
        delays: [DetectionDelay] = [], faults: [FaultOutcome] = [], notes: [String] = []
    ) {
        self.control = control
        self.repeats = repeats
        self.alpha = alpha
        self.falseAlarms = falseAlarms
        self.power = power
        self.delays = delays
        self.faults = faults
        self.notes = notes
    }

    /// A planted fault of an arm.
    public struct Planted: Sendable, Hashable {
        /// The arm.
        public var arm: String
        /// The fault.
        public var fault: PlantedFault
        /// How it was planted.
        public var detail: String
    }

    /// The faults that were planted, in their order.
    public var planted: [Planted] {
        var seen: Set<Planted> = []
        return faults.map { Planted(arm: $0.arm, fault: $0.fault, detail: $0.detail) }.filter {
            seen.insert($0).inserted
        }
    }

    /// What judged faults: the metrics of the models in the catalogue's order, then the tests of the items; each where there
    /// are any, with the faults that it judged.
    public var matrices: [(metrics: [String], planted: [Planted])] {
        let there = Set(faults.map(\.metric))
        let metrics = MetricCatalogue.all.map(\.key).filter(there.contains)
        let tests = ItemCovariate.allCases.map(FaultOutcome.metric(of:)).filter(there.contains)
        return [metrics, tests].filter { !$0.isEmpty }.map { columns in
            (columns, planted.filter { row in columns.contains { count(row, $0) != nil } })
        }
    }

    /// How many tasks a metric judged a fault on, and on how many it fired; nil where it judged none.
    public func count(_ planted: Planted, _ metric: String) -> (fired: Int, judged: Int)? {
        let own = faults.filter {
            $0.arm == planted.arm && $0.fault == planted.fault && $0.detail == planted.detail && $0.metric == metric
        }
        return own.isEmpty ? nil : (own.count { $0.fired }, own.count)
    }

    /// Of the losses by damage that were at least as large as what their comparison finds in 80 % of repeats: how many were
    /// called.
    public var detectableFound: (found: Int, all: Int) {
        let losses = faults.filter { $0.fault.isDamage && $0.isDetectable }
        return (losses.count { $0.fired }, losses.count)
    }
}
