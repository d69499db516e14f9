// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]
let imageSettings = settings + [.enableExperimentalFeature("Lifetimes")]
let cSettings: [CSetting] = [
    .enableWarning("all"),
    .enableWarning("extra"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "snug",
    products: [
        .executable(name: "snug", targets: ["snug"]),
        .library(name: "SnugImage", targets: ["SnugImage"]),
        .library(name: "SnugHTTP", targets: ["SnugHTTP"]),
        .library(name: "SnugUpload", targets: ["SnugUpload"]),
        .library(name: "SnugGeneration", targets: ["SnugGeneration"]),
        .library(name: "SnugLedger", targets: ["SnugLedger"]),
        .library(name: "SnugPipeline", targets: ["SnugPipeline"]),
        .library(name: "SnugServer", targets: ["SnugServer"]),
        .executable(name: "snug-simulator", targets: ["snug-simulator"]),
        .library(name: "SnugSimulator", targets: ["SnugSimulator"]),
    ],
    traits: [
        .trait(
            name: "HEIF", description: "Reads HEIC, HEIF and AVIF, by libheif and libavif in a process of their own."),
        .trait(name: "TIFF", description: "Reads TIFF, by libtiff in a process of its own."),
        .trait(name: "JPEGXL", description: "Reads JPEG XL, by libjxl in a process of its own."),
        .trait(name: "WebP", description: "Reads and writes WebP, by libwebp."),
        .trait(name: "GIF", description: "Reads GIF, by giflib."),
        .trait(name: "Postgres", description: "Keeps a ledger in PostgreSQL, by libpq."),
        .default(enabledTraits: ["GIF", "HEIF", "JPEGXL", "Postgres", "TIFF", "WebP"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: ["YAML"]),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.5.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.38.0"),
        .package(url: "https://github.com/apple/swift-http-structured-headers", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        // For tests only: others' implementation of resumable uploads.
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.30.0"),
        .package(url: "https://github.com/apple/swift-numerics", from: "1.1.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Libraries of the system, found through pkg-config.
        .systemLibrary(
            name: "CLibJPEG", path: "CSupport/CLibJPEG", pkgConfig: "libjpeg",
            providers: [.apt(["libjpeg62-turbo-dev"]), .brew(["jpeg-turbo"])]),
        .systemLibrary(
            name: "CLibPNG", path: "CSupport/CLibPNG", pkgConfig: "libpng",
            providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
        .systemLibrary(
            name: "CLibDeflate", path: "CSupport/CLibDeflate", pkgConfig: "libdeflate",
            providers: [.apt(["libdeflate-dev"]), .brew(["libdeflate"])]),
        .systemLibrary(
            name: "CLibLCMS", path: "CSupport/CLibLCMS", pkgConfig: "lcms2",
            providers: [.apt(["liblcms2-dev"]), .brew(["little-cms2"])]),
        // giflib has no pkg-config file.
        .systemLibrary(
            name: "CLibGIF", path: "CSupport/CLibGIF",
            providers: [.apt(["libgif-dev"]), .brew(["giflib"])]),
        .systemLibrary(
            name: "CLibWebP", path: "CSupport/CLibWebP", pkgConfig: "libwebp",
            providers: [.apt(["libwebp-dev"]), .brew(["webp"])]),
        .systemLibrary(
            name: "CLibCrypto", path: "CSupport/CLibCrypto", pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),

        // Shims that turn setjmp, callbacks and variadics into plain calls returning codes.
        .target(name: "CJPEG", dependencies: ["CLibJPEG"], path: "CSupport/CJPEG", cSettings: cSettings),
        .target(
            name: "CPNG", dependencies: ["CLibPNG"], path: "CSupport/CPNG", cSettings: cSettings,
            linkerSettings: [.linkedLibrary("z")]),
        .target(name: "CDeflate", dependencies: ["CLibDeflate"], path: "CSupport/CDeflate", cSettings: cSettings),
        .target(name: "CLCMS", dependencies: ["CLibLCMS"], path: "CSupport/CLCMS", cSettings: cSettings),
        .target(
            name: "CGIF", dependencies: ["CLibGIF"], path: "CSupport/CGIF", cSettings: cSettings,
            linkerSettings: [.linkedLibrary("gif")]),
        .target(name: "CWebP", dependencies: ["CLibWebP"], path: "CSupport/CWebP", cSettings: cSettings),
        .target(name: "CDigest", dependencies: ["CLibCrypto"], path: "CSupport/CDigest", cSettings: cSettings),
        // Compiled against the libraries' headers, and loaded when first used.
        .target(name: "CLibraries", path: "CSupport/CLibraries", cSettings: cSettings),
        .target(name: "CCurl", dependencies: ["CLibraries"], path: "CSupport/CCurl", cSettings: cSettings),
        .target(name: "CPostgres", dependencies: ["CLibraries"], path: "CSupport/CPostgres", cSettings: cSettings),
        // Decoders for worker processes: compiled against the libraries' headers, and never linked with them.
        .target(name: "CSandbox", dependencies: ["CLibraries"], path: "CSupport/CSandbox", cSettings: cSettings),
        .target(name: "CHEIF", dependencies: ["CSandbox"], path: "CSupport/CHEIF", cSettings: cSettings),
        .target(name: "CTIFF", dependencies: ["CSandbox"], path: "CSupport/CTIFF", cSettings: cSettings),
        .target(name: "CJXL", dependencies: ["CSandbox"], path: "CSupport/CJXL", cSettings: cSettings),
        .target(name: "CPlatform", path: "CSupport/CPlatform", cSettings: cSettings),
        .target(
            name: "CTestSupport", dependencies: ["CLibJPEG"], path: "CSupport/CTestSupport", cSettings: cSettings),
        .target(name: "CKernels", path: "CSupport/CKernels", cSettings: cSettings),
        .target(name: "CChecksums", path: "CSupport/CChecksums", cSettings: cSettings),
        .target(
            name: "CJPEGKernels", dependencies: ["CKernels"], path: "CSupport/CJPEGKernels", cSettings: cSettings),

        .target(
            name: "SnugSystem",
            dependencies: [
                "CDigest", "CPlatform",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "OrderedCollections", package: "swift-collections"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        .target(
            name: "SnugImage",
            dependencies: [
                "CJPEG", "CPNG", "CDeflate", "CLCMS", "CKernels", "CJPEGKernels", "CSandbox", "SnugSystem",
                .target(name: "CHEIF", condition: .when(traits: ["HEIF"])),
                .target(name: "CTIFF", condition: .when(traits: ["TIFF"])),
                .target(name: "CJXL", condition: .when(traits: ["JPEGXL"])),
                .target(name: "CGIF", condition: .when(traits: ["GIF"])),
                .target(name: "CWebP", condition: .when(traits: ["WebP"])),
                .product(name: "RealModule", package: "swift-numerics"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: imageSettings),
        .target(
            name: "SnugHTTP",
            dependencies: [
                "CCurl", "SnugSystem",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "RawStructuredFieldValues", package: "swift-http-structured-headers"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        .target(
            name: "SnugUpload",
            dependencies: [
                "SnugHTTP", "CChecksums", "SnugSystem",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        .target(
            name: "SnugGeneration",
            dependencies: [
                "SnugHTTP", "SnugSystem",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "OrderedCollections", package: "swift-collections"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        .target(
            name: "SnugLedger",
            dependencies: [
                "SnugSystem", "SnugHTTP", "SnugUpload", "SnugGeneration",
                .target(name: "CPostgres", condition: .when(traits: ["Postgres"])),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        .target(
            name: "SnugPipeline",
            dependencies: [
                "SnugImage", "SnugHTTP", "SnugUpload", "SnugGeneration", "SnugLedger", "SnugSystem",
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "OrderedCollections", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: settings),
        .target(
            name: "SnugServer",
            dependencies: [
                "SnugPipeline", "SnugImage", "SnugLedger", "SnugSystem",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "OrderedCollections", package: "swift-collections"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            // In the program itself: an installed one has no files beside it.
            resources: [
                "adding.js", "announcer.js", "api.js", "ask.js", "base.css", "compare.css", "compare.js",
                "elements.js", "event-stream.js", "fit-item.js", "fit-options.js", "fit-queue.js", "fit-view.js",
                "fit.css", "icon.svg", "index.html", "job-actions.js", "job-conditions.js", "job-deciding.js",
                "job-detail.js", "job-filter.js", "job-folders.js", "job-list.js", "job-problems.js", "job-result.js",
                "job-row.js", "jobs-view.js", "jobs.css", "openapi.yaml", "page.js", "preview.js", "rates.js",
                "report.js",
                "saving.js", "stage.js", "theme.js", "thumbnails.js", "token.js", "words.js", "zip.js",
            ].map { .embedInCode("Page/Resources/\($0)") },
            swiftSettings: settings),
        .executableTarget(
            name: "snug",
            dependencies: [
                "SnugPipeline", "SnugServer", "SnugImage", "SnugHTTP", "SnugUpload", "SnugGeneration", "SnugLedger",
                "SnugSystem",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "OrderedCollections", package: "swift-collections"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),

        // A stand-in for the generation APIs. It imports none of our clients, so that a shared mistake cannot hide.
        .target(
            name: "SnugSimulator",
            dependencies: [
                "SnugSystem",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "snug-simulator",
            dependencies: [
                "SnugSimulator",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),

        .target(
            name: "SnugTestSupport",
            dependencies: [
                "SnugImage", "SnugHTTP", "SnugSystem", "SnugSimulator", "CTestSupport",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Tests/SnugTestSupport", swiftSettings: imageSettings),
        .testTarget(
            name: "SnugSystemTests",
            dependencies: [
                "SnugSystem", "SnugTestSupport",
                .product(name: "OrderedCollections", package: "swift-collections"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        // Decoders that misbehave on purpose.
        .executableTarget(
            name: "snug-decoder-worker", dependencies: ["SnugImage", "CSandbox"], path: "Tests/DecoderWorker",
            swiftSettings: settings),
        .testTarget(
            name: "SnugImageTests",
            dependencies: [
                "SnugImage", "SnugSystem", "SnugTestSupport", "CKernels", "CJPEGKernels", "CSandbox",
                "snug-decoder-worker",
                .product(name: "RealModule", package: "swift-numerics"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            resources: [.copy("Fixtures")],
            swiftSettings: imageSettings),
        .testTarget(
            name: "SnugHTTPTests",
            dependencies: [
                "SnugHTTP", "SnugSimulator", "SnugTestSupport",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "SnugUploadTests",
            dependencies: [
                "SnugUpload", "SnugHTTP", "SnugLedger", "SnugSystem", "SnugTestSupport",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOResumableUpload", package: "swift-nio-extras"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "SnugGenerationTests",
            dependencies: [
                "SnugGeneration", "SnugHTTP", "SnugLedger", "SnugSystem", "SnugSimulator", "SnugTestSupport",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        // A process that tests of the ledger kill.
        .executableTarget(
            name: "snug-ledger-worker",
            dependencies: ["SnugLedger", .product(name: "SystemPackage", package: "swift-system")],
            path: "Tests/LedgerWorker", swiftSettings: settings),
        .executableTarget(
            name: "snug-ledger-bench", dependencies: ["SnugLedger"], path: "Benchmarks/LedgerBench",
            swiftSettings: settings),
        .testTarget(
            name: "SnugLedgerTests",
            dependencies: [
                "SnugLedger", "SnugGeneration", "SnugHTTP", "SnugUpload", "SnugSystem", "SnugTestSupport",
                "snug-ledger-worker",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            resources: [.copy("Fixtures")],
            swiftSettings: settings),
        // A daemon that tests kill.
        .executableTarget(
            name: "snug-daemon-worker",
            dependencies: [
                "SnugPipeline", "SnugLedger", "SnugImage", "SnugHTTP", "SnugUpload", "SnugGeneration", "SnugSystem",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Tests/DaemonWorker", swiftSettings: settings),
        .testTarget(
            name: "SnugPipelineTests",
            dependencies: [
                "SnugPipeline", "SnugImage", "SnugHTTP", "SnugUpload", "SnugGeneration", "SnugLedger", "SnugSimulator",
                "SnugSystem", "SnugTestSupport", "snug-daemon-worker",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "SnugServerTests",
            dependencies: [
                "SnugServer", "SnugPipeline", "SnugImage", "SnugLedger", "SnugSystem", "SnugTestSupport", "SnugHTTP",
                "SnugUpload", "SnugGeneration",
                .product(name: "OrderedCollections", package: "swift-collections"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "snugTests",
            dependencies: [
                "snug", "SnugPipeline", "SnugServer", "SnugSystem", "SnugImage", "SnugHTTP", "SnugGeneration",
                "SnugLedger",
                "SnugSimulator", "SnugTestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "SnugSimulatorTests",
            dependencies: [
                "SnugSimulator", "SnugImage", "SnugSystem", "SnugTestSupport",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: imageSettings),
    ],
    swiftLanguageModes: [.v6]
)
