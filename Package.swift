// swift-tools-version: 6.2
import PackageDescription

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
  name: "maskd",
  products: [
    .executable(name: "maskd", targets: ["maskd"]),
    .executable(name: "maskctl", targets: ["maskctl"]),
    .executable(name: "maskctl-import", targets: ["maskctl-import"]),
    .library(name: "Inference", targets: ["Inference", "TFLite"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.5.0"),
    .package(url: "https://github.com/apple/swift-crypto.git", from: "4.0.0"),
    .package(url: "https://github.com/apple/swift-log.git", from: "1.16.0"),
  ],
  targets: [
    // Doors to the system.
    .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
    .systemLibrary(name: "CV4L2", pkgConfig: "libv4l2", providers: [.apt(["libv4l-dev"])]),
    .systemLibrary(name: "CTurboJPEG", pkgConfig: "libturbojpeg", providers: [.apt(["libturbojpeg0-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(name: "CLinux"),
    .target(name: "EventLoop", dependencies: ["CLinux"]),

    // Models in, tensors out.
    .target(name: "CKernels"),
    .target(name: "FixedPoint"),
    .target(name: "TFLite"),
    .target(name: "ReferenceOperators", dependencies: ["FixedPoint", "TFLite"]),
    .target(name: "Inference", dependencies: ["CKernels", "FixedPoint", "TFLite"]),

    // A float model and pictures in, a small model out.
    .target(name: "Quantization", dependencies: ["Inference", "TFLite"]),

    .target(name: "Benchmarking", dependencies: ["EventLoop", "Inference", "TFLite"]),

    // Frames in, scores out.
    .target(name: "Imaging", dependencies: ["CPNG", "CTurboJPEG"]),
    .target(name: "Capture", dependencies: ["CV4L2", "EventLoop", "Imaging"]),
    .target(name: "Classification", dependencies: ["Imaging", "Inference", "TFLite", crypto]),

    // Scores in, lines out.
    .target(name: "Decision"),
    .target(name: "ModelStore", dependencies: ["Classification", "EventLoop", "Imaging"]),
    .target(name: "Results", dependencies: ["CSystemd", "EventLoop", logging]),
    .target(name: "Configuration", dependencies: ["CYAML"]),
    .target(
      name: "Daemon",
      dependencies: [
        "Capture", "Classification", "Configuration", "Decision", "EventLoop", "Imaging", "Inference", "ModelStore",
        "Results", "CSystemd", logging,
      ]),

    // Answers in, figures and pages out.
    .target(name: "Evaluation"),
    .target(name: "ReportPage"),

    // Programs.
    .executableTarget(name: "maskd", dependencies: ["Daemon", argumentParser]),
    .executableTarget(
      name: "maskctl",
      dependencies: [
        "Benchmarking", "CLinux", "CZlib", "Classification", "Configuration", "Evaluation", "EventLoop", "Imaging",
        "Inference",
        "Quantization", "ReferenceOperators", "ReportPage", "TFLite",
        argumentParser,
      ]),

    // A program of its own: a board needs no libhdf5.
    .target(name: "KerasImport", dependencies: ["CHDF5", "TFLite"]),
    .executableTarget(name: "maskctl-import", dependencies: ["KerasImport", "TFLite", argumentParser]),

    // What docs/library.md shows.
    .executableTarget(name: "run-model", dependencies: ["Inference"], path: "Examples/RunModel"),

    // Tests, a target for each room, and the whole from outside.
    .testTarget(
      name: "EndToEndTests",
      dependencies: ["CLinux", "EventLoop", "TFLite", "maskctl", "maskctl-import", "maskd", "run-model"]),
    .target(name: "CAllocationCount", path: "Tests/CAllocationCount"),
    .testTarget(name: "EventLoopTests", dependencies: ["EventLoop"]),
    .testTarget(name: "CKernelsTests", dependencies: ["CKernels"]),
    .executableTarget(
      name: "kernelcheck", dependencies: ["CKernels"], path: "Tests/KernelCheck",
      exclude: ["cycles-arm64", "run-arm64"],
      linkerSettings: [.linkedLibrary("m")]),
    .testTarget(name: "FixedPointTests", dependencies: ["FixedPoint"]),
    .testTarget(name: "TFLiteTests", dependencies: ["TFLite"]),
    .testTarget(name: "ReferenceOperatorsTests", dependencies: ["FixedPoint", "ReferenceOperators", "TFLite"]),
    .testTarget(
      name: "InferenceTests",
      dependencies: ["CAllocationCount", "CKernels", "FixedPoint", "Inference", "ReferenceOperators", "TFLite"]),
    .testTarget(name: "QuantizationTests", dependencies: ["Inference", "Quantization", "TFLite"]),
    .testTarget(name: "BenchmarkingTests", dependencies: ["Benchmarking", "EventLoop", "Inference", "TFLite"]),
    .testTarget(name: "ImagingTests", dependencies: ["CAllocationCount", "Imaging"]),
    .testTarget(name: "CaptureTests", dependencies: ["CAllocationCount", "CV4L2", "Capture", "EventLoop", "Imaging"]),
    .testTarget(name: "ClassificationTests", dependencies: ["Classification", "Imaging", "Inference", "TFLite"]),
    .testTarget(name: "EvaluationTests", dependencies: ["Evaluation"]),
    .testTarget(name: "ReportPageTests", dependencies: ["ReportPage"]),
    .testTarget(name: "KerasImportTests", dependencies: ["Inference", "KerasImport", "TFLite"]),
    .testTarget(name: "DecisionTests", dependencies: ["CAllocationCount", "Decision"]),
    .testTarget(name: "ModelStoreTests", dependencies: ["Classification", "EventLoop", "ModelStore"]),
    .testTarget(name: "ResultsTests", dependencies: ["CAllocationCount", "EventLoop", "Results"]),
    .testTarget(name: "ConfigurationTests", dependencies: ["Configuration"]),
    .testTarget(
      name: "DaemonTests",
      dependencies: [
        "CAllocationCount", "Capture", "Classification", "Configuration", "Daemon", "Decision", "EventLoop", "Imaging",
        "ModelStore", "Results", logging,
      ]),
  ],
  swiftLanguageModes: [.v6]
)
