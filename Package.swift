// swift-tools-version: 6.1
import PackageDescription

/// The modules, lowest first: a module imports only modules above it in this list.
let package = Package(
    name: "assay",
    platforms: [.macOS(.v14)],
    targets: [
        .target(name: "CKernels"),
        .target(name: "AssayCore", dependencies: ["CKernels"]),
        .target(name: "AssayTensor", dependencies: ["AssayCore", "CKernels"]),
        .target(name: "AssayModels", dependencies: ["AssayCore", "AssayTensor", "CKernels"]),
        .target(name: "AssayTasks", dependencies: ["AssayCore"]),
    ],
    swiftLanguageModes: [.v6]
)
