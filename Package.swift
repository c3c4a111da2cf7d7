// swift-tools-version: 6.1
import PackageDescription

/// The modules, lowest first: a module imports only modules above it in this list.
let package = Package(
    name: "assay",
    platforms: [.macOS(.v14)],
    products: [
        .executable(name: "assay", targets: ["assay"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.5.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
    ],
    targets: [
        .target(name: "CKernels", linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),
        .target(name: "AssayCore", dependencies: ["CKernels"]),
        .target(name: "AssayTensor", dependencies: ["AssayCore", "CKernels"]),
        .target(name: "AssayModels", dependencies: ["AssayCore", "AssayTensor", "CKernels"]),
        .target(name: "AssayTasks", dependencies: ["AssayCore"]),
        .target(name: "AssayRendering", dependencies: ["AssayCore", "AssayTasks"]),
        .target(name: "AssayEndpoints", dependencies: ["AssayCore", "AssayTasks", "AssayRendering"]),
        .target(
            name: "AssayTraining",
            dependencies: ["AssayCore", "AssayTensor", "AssayModels", "AssayTasks", "CKernels"]),
        .target(
            name: "AssayEvaluation",
            dependencies: ["AssayCore", "AssayTensor", "AssayModels", "AssayTasks", "AssayRendering", "CKernels"]),
        .target(
            name: "AssayReinforcement",
            dependencies: [
                "AssayCore", "AssayTensor", "AssayModels", "AssayTasks", "AssayTraining", "AssayEvaluation", "CKernels",
            ]),
        .target(name: "AssayStatistics", dependencies: ["AssayCore"]),
        .target(
            name: "AssayServing", dependencies: ["AssayCore", "AssayTensor", "AssayModels", "AssayStatistics"]),
        .target(name: "AssayMetrics", dependencies: ["AssayCore", "AssayStatistics"]),
        .target(name: "AssayImport", dependencies: ["AssayCore"]),
        .target(
            name: "AssayStore",
            dependencies: [
                "AssayCore", "AssayStatistics", "AssayMetrics", .product(name: "GRDB", package: "GRDB.swift"),
            ]),
        .target(
            name: "AssayReports", dependencies: ["AssayCore", "AssayStatistics", "AssayMetrics", "AssayStore"]),
        .target(
            name: "AssayPipeline",
            dependencies: [
                "AssayCore", "AssayTensor", "AssayModels", "AssayTasks", "AssayRendering", "AssayEndpoints",
                "AssayTraining", "AssayEvaluation",
                "AssayReinforcement", "AssayStatistics", "AssayServing", "AssayMetrics", "AssayImport", "AssayStore",
                "AssayReports",
                "CKernels", .product(name: "Yams", package: "Yams"),
            ]),
        .executableTarget(
            name: "assay",
            dependencies: [
                "AssayCore", "AssayModels", "AssayEvaluation", "AssayServing", "AssayTasks", "AssayRendering",
                "AssayStatistics",
                "AssayStore",
                "AssayReports",
                "AssayPipeline",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .executableTarget(
            name: "AssayBenchmarks",
            dependencies: [
                "CKernels", "AssayCore", "AssayTensor", "AssayModels", "AssayTasks", "AssayTraining", "AssayEvaluation",
                "AssayReinforcement", "AssayStatistics", "AssayMetrics", "AssayStore",
            ], path: "Benchmarks", exclude: ["peer"]),
        .testTarget(name: "CKernelsTests", dependencies: ["CKernels"]),
        .testTarget(name: "AssayCoreTests", dependencies: ["AssayCore"]),
        .testTarget(name: "AssayTensorTests", dependencies: ["AssayTensor", "AssayCore", "CKernels"]),
        .testTarget(name: "AssayModelsTests", dependencies: ["AssayModels", "AssayTensor", "AssayCore", "CKernels"]),
        .testTarget(name: "AssayTasksTests", dependencies: ["AssayTasks", "AssayCore"]),
        .testTarget(name: "AssayRenderingTests", dependencies: ["AssayRendering", "AssayTasks", "AssayCore"]),
        .testTarget(
            name: "AssayTrainingTests",
            dependencies: ["AssayTraining", "AssayTasks", "AssayModels", "AssayCore", "AssayTensor"]),
        .testTarget(
            name: "AssayEvaluationTests",
            dependencies: [
                "AssayEvaluation", "AssayTasks", "AssayRendering", "AssayModels", "AssayCore", "AssayTensor",
                "AssayMetrics",
            ]),
        .testTarget(
            name: "AssayReinforcementTests",
            dependencies: [
                "AssayReinforcement", "AssayTraining", "AssayEvaluation", "AssayTasks", "AssayModels", "AssayTensor",
                "AssayCore",
            ]),
        .testTarget(name: "AssayStatisticsTests", dependencies: ["AssayStatistics", "AssayCore"]),
        .testTarget(
            name: "AssayEndpointsTests",
            dependencies: ["AssayEndpoints", "AssayRendering", "AssayTasks", "AssayCore"]),
        .testTarget(
            name: "AssayServingTests",
            dependencies: ["AssayServing", "AssayStatistics", "AssayModels", "AssayTensor", "AssayCore"]),
        .testTarget(name: "AssayMetricsTests", dependencies: ["AssayMetrics", "AssayStatistics", "AssayCore"]),
        .testTarget(name: "AssayImportTests", dependencies: ["AssayImport", "AssayCore"]),
        .testTarget(
            name: "AssayStoreTests",
            dependencies: ["AssayStore", "AssayMetrics", "AssayStatistics", "AssayCore"]),
        .testTarget(
            name: "AssayReportsTests",
            dependencies: ["AssayReports", "AssayStore", "AssayMetrics", "AssayStatistics", "AssayCore"]),
        .testTarget(
            name: "AssayPipelineTests",
            dependencies: [
                "AssayPipeline", "AssayImport", "AssayStore", "AssayMetrics", "AssayStatistics", "AssayReinforcement",
                "AssayEvaluation", "AssayTraining", "AssayModels",
                "AssayTasks", "AssayRendering", "AssayEndpoints", "AssayCore", "assay",
            ]),
    ],
    swiftLanguageModes: [.v6]
)
