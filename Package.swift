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
// Tests fit thousands of images, which takes an engine without optimisation three times as long. For builds of tests only:
// no package may depend on one that has such flags.
let isTestBuild = Context.environment["SNUG_TEST_BUILD"] != nil
let engineSettings = imageSettings + (isTestBuild ? [.unsafeFlags(["-O"])] : [])
let cSettings: [CSetting] = [
    .enableWarning("all"),
    .enableWarning("extra"),
    .treatAllWarnings(as: .error),
]

/// A library of the system, found through pkg-config where it has a file for that.
func systemLibrary(_ name: String, pkgConfig: String? = nil, apt: String, brew: String) -> Target {
    .systemLibrary(
        name: name, path: "CSupport/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt]), .brew([brew])])
}

/// A target in C.
func shim(_ name: String, _ dependencies: [Target.Dependency] = [], links library: String? = nil) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "CSupport/\(name)", cSettings: cSettings,
        linkerSettings: library.map { [.linkedLibrary($0)] } ?? [])
}

func product(_ name: String, _ package: String) -> Target.Dependency { .product(name: name, package: package) }

// Products of other packages, by the names of their modules.
let grdb = product("GRDB", "GRDB.swift")
let hummingbird = product("Hummingbird", "hummingbird")
let hummingbirdCore = product("HummingbirdCore", "hummingbird")
let argumentParser = product("ArgumentParser", "swift-argument-parser")
let deque = product("DequeModule", "swift-collections")
let orderedCollections = product("OrderedCollections", "swift-collections")
let heap = product("HeapModule", "swift-collections")
let configuration = product("Configuration", "swift-configuration")
let structuredFields = product("RawStructuredFieldValues", "swift-http-structured-headers")
let httpTypes = product("HTTPTypes", "swift-http-types")
let logging = product("Logging", "swift-log")
let metrics = product("Metrics", "swift-metrics")
let coreMetrics = product("CoreMetrics", "swift-metrics")
let metricsTestKit = product("MetricsTestKit", "swift-metrics")
let nioCore = product("NIOCore", "swift-nio")
let nioHTTP1 = product("NIOHTTP1", "swift-nio")
let nioPosix = product("NIOPosix", "swift-nio")
let nioHTTPTypes = product("NIOHTTPTypes", "swift-nio-extras")
let nioHTTPTypesHTTP1 = product("NIOHTTPTypesHTTP1", "swift-nio-extras")
let nioResumableUpload = product("NIOResumableUpload", "swift-nio-extras")
let nioHTTP2 = product("NIOHTTP2", "swift-nio-http2")
let nioHPACK = product("NIOHPACK", "swift-nio-http2")
let real = product("RealModule", "swift-numerics")
let serviceLifecycle = product("ServiceLifecycle", "swift-service-lifecycle")
let systemPackage = product("SystemPackage", "swift-system")
let yams = product("Yams", "Yams")

let package = Package(
    name: "snug",
    products: [
        .executable(name: "snug", targets: ["snug"]),
        .executable(name: "snug-simulator", targets: ["snug-simulator"]),
    ]
        + [
            "SnugImage", "SnugHTTP", "SnugUpload", "SnugGeneration", "SnugLedger", "SnugPipeline", "SnugServer",
            "SnugSimulator",
        ].map { .library(name: $0, targets: [$0]) },
    traits: [
        .trait(
            name: "HEIF", description: "Reads HEIC, HEIF and AVIF, by libheif and libavif in a process of their own."),
        .trait(name: "TIFF", description: "Reads TIFF, by libtiff in a process of its own."),
        .trait(name: "JPEGXL", description: "Reads JPEG XL, by libjxl in a process of its own."),
        .trait(name: "WebP", description: "Reads and writes WebP, by libwebp."),
        .trait(name: "GIF", description: "Reads GIF, by giflib."),
        .trait(name: "Postgres", description: "Keeps a ledger in PostgreSQL, by libpq."),
        .trait(name: "Server", description: "Serves a page and an API over HTTP: `snug serve`, `snug watch --listen`."),
        .default(enabledTraits: ["GIF", "HEIF", "JPEGXL", "Postgres", "Server", "TIFF", "WebP"]),
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
        systemLibrary("CLibJPEG", pkgConfig: "libjpeg", apt: "libjpeg62-turbo-dev", brew: "jpeg-turbo"),
        systemLibrary("CLibPNG", pkgConfig: "libpng", apt: "libpng-dev", brew: "libpng"),
        systemLibrary("CLibDeflate", pkgConfig: "libdeflate", apt: "libdeflate-dev", brew: "libdeflate"),
        // Missing on some processors: zlib takes its place.
        systemLibrary("CLibISAL", pkgConfig: "libisal", apt: "libisal-dev", brew: "isa-l"),
        systemLibrary("CLibLCMS", pkgConfig: "lcms2", apt: "liblcms2-dev", brew: "little-cms2"),
        // giflib has no pkg-config file.
        systemLibrary("CLibGIF", apt: "libgif-dev", brew: "giflib"),
        systemLibrary("CLibWebP", pkgConfig: "libwebp", apt: "libwebp-dev", brew: "webp"),
        systemLibrary("CLibCrypto", pkgConfig: "libcrypto", apt: "libssl-dev", brew: "openssl@3"),

        // Shims that turn setjmp, callbacks and variadics into plain calls returning codes.
        shim("CJPEG", ["CLibJPEG"]),
        shim("CPNG", ["CLibPNG", "CLibISAL", "CKernels"], links: "z"),
        shim("CDeflate", ["CLibDeflate"]),
        shim("CLCMS", ["CLibLCMS"]),
        shim("CGIF", ["CLibGIF"], links: "gif"),
        shim("CWebP", ["CLibWebP"]),
        shim("CDigest", ["CLibCrypto"]),
        // Compiled against the libraries' headers, and loaded when first used.
        shim("CLibraries"),
        shim("CCurl", ["CLibraries"]),
        shim("CPostgres", ["CLibraries"]),
        // Decoders for worker processes: compiled against the libraries' headers, and never linked with them.
        shim("CSandbox", ["CLibraries"]),
        shim("CHEIF", ["CSandbox"]),
        shim("CTIFF", ["CSandbox"]),
        shim("CJXL", ["CSandbox"]),
        shim("CPlatform"),
        shim("CTestSupport", ["CLibJPEG"]),
        shim("CKernels"),
        shim("CChecksums"),
        shim("CJPEGKernels", ["CKernels"]),

        .target(
            name: "SnugSystem",
            dependencies: ["CDigest", "CPlatform", deque, orderedCollections, systemPackage]),
        .target(
            name: "SnugImage",
            dependencies: [
                "CJPEG", "CPNG", "CDeflate", "CLCMS", "CKernels", "CJPEGKernels", "CSandbox", "SnugSystem", real,
                systemPackage,
                .target(name: "CHEIF", condition: .when(traits: ["HEIF"])),
                .target(name: "CTIFF", condition: .when(traits: ["TIFF"])),
                .target(name: "CJXL", condition: .when(traits: ["JPEGXL"])),
                .target(name: "CGIF", condition: .when(traits: ["GIF"])),
                .target(name: "CWebP", condition: .when(traits: ["WebP"])),
            ],
            swiftSettings: engineSettings),
        .target(
            name: "SnugHTTP",
            dependencies: [
                "CCurl", "SnugSystem", deque, httpTypes, structuredFields, logging, metrics, systemPackage,
            ]),
        .target(
            name: "SnugUpload",
            dependencies: ["SnugHTTP", "CChecksums", "SnugSystem", httpTypes, logging, systemPackage]),
        .target(
            name: "SnugGeneration",
            dependencies: ["SnugHTTP", "SnugSystem", httpTypes, logging, metrics, orderedCollections, systemPackage]),
        .target(
            name: "SnugLedger",
            dependencies: [
                "SnugSystem", "SnugHTTP", "SnugUpload", "SnugGeneration", grdb, systemPackage,
                .target(name: "CPostgres", condition: .when(traits: ["Postgres"])),
            ]),
        .target(
            name: "SnugPipeline",
            dependencies: [
                "SnugImage", "SnugHTTP", "SnugUpload", "SnugGeneration", "SnugLedger", "SnugSystem", configuration,
                httpTypes, logging, orderedCollections, heap, metrics, serviceLifecycle, systemPackage, yams,
            ]),
        .target(
            name: "SnugServer",
            dependencies: [
                "SnugPipeline", "SnugImage", "SnugLedger", "SnugSystem", coreMetrics, httpTypes, hummingbird,
                hummingbirdCore, logging, metrics, nioCore, nioHTTP1, nioHTTPTypes, orderedCollections,
                serviceLifecycle, systemPackage,
            ],
            // In the program itself: an installed one has no files beside it.
            resources: [
                "adding.js", "announcer.js", "api.js", "ask.js", "base.css", "compare.css", "compare.js",
                "elements.js", "event-stream.js", "fit-item.js", "fit-options.js", "fit-pipelines.js", "fit-queue.js",
                "fit-view.js", "fit.css", "icon.svg", "index.html", "job-actions.js", "job-conditions.js",
                "job-deciding.js", "job-detail.js", "job-filter.js", "job-folders.js", "job-hosts.js", "job-list.js",
                "job-problems.js", "job-result.js", "job-row.js", "jobs-view.js", "jobs.css", "openapi.yaml",
                "page.js", "preview.js", "rates.js", "report.js", "saving.js", "stage.js", "theme.js", "thumbnails.js",
                "token.js", "words.js", "zip.js",
            ].map { .embedInCode("Page/Resources/\($0)") }),
        .executableTarget(
            name: "snug",
            dependencies: [
                "SnugPipeline", "SnugImage", "SnugHTTP", "SnugUpload", "SnugGeneration", "SnugLedger", "SnugSystem",
                "CLibCrypto", argumentParser, httpTypes, logging, orderedCollections, serviceLifecycle, systemPackage,
                .target(name: "SnugServer", condition: .when(traits: ["Server"])),
            ]),

        // A stand-in for the generation APIs. It imports none of our clients, so that a shared mistake cannot hide.
        .target(
            name: "SnugSimulator",
            dependencies: ["SnugSystem", nioCore, nioPosix, nioHTTP1, nioHTTP2, nioHPACK]),
        .executableTarget(
            name: "snug-simulator",
            dependencies: ["SnugSimulator", argumentParser]),

        .target(
            name: "SnugTestSupport",
            dependencies: [
                "SnugImage", "SnugHTTP", "SnugSystem", "SnugSimulator", "CTestSupport", httpTypes, logging, metrics,
                systemPackage,
            ],
            path: "Tests/SnugTestSupport", swiftSettings: imageSettings),
        .testTarget(
            name: "SnugSystemTests",
            dependencies: ["SnugSystem", "SnugTestSupport", orderedCollections, systemPackage]),
        // Decoders that misbehave on purpose.
        .executableTarget(
            name: "snug-decoder-worker", dependencies: ["SnugImage", "CSandbox"], path: "Tests/DecoderWorker"),
        .testTarget(
            name: "SnugImageTests",
            dependencies: [
                "SnugImage", "SnugSystem", "SnugTestSupport", "CKernels", "CJPEGKernels", "CSandbox",
                "snug-decoder-worker", real, systemPackage,
            ],
            resources: [.copy("Fixtures")],
            swiftSettings: imageSettings),
        .testTarget(
            name: "SnugHTTPTests",
            dependencies: [
                "SnugHTTP", "SnugSimulator", "SnugTestSupport", httpTypes, logging, metrics, metricsTestKit,
                systemPackage,
            ]),
        .testTarget(
            name: "SnugUploadTests",
            dependencies: [
                "SnugUpload", "SnugHTTP", "SnugLedger", "SnugSystem", "SnugTestSupport", httpTypes, nioCore, nioHTTP1,
                nioHTTPTypes, nioHTTPTypesHTTP1, nioPosix, nioResumableUpload, logging, metrics, systemPackage,
            ]),
        .testTarget(
            name: "SnugGenerationTests",
            dependencies: [
                "SnugGeneration", "SnugHTTP", "SnugLedger", "SnugSystem", "SnugSimulator", "SnugTestSupport", httpTypes,
                logging, metrics, metricsTestKit, systemPackage,
            ]),
        // A process that tests of the ledger kill.
        .executableTarget(
            name: "snug-ledger-worker",
            dependencies: ["SnugLedger", systemPackage],
            path: "Tests/LedgerWorker"),
        .executableTarget(
            name: "snug-ledger-bench", dependencies: ["SnugLedger"], path: "Benchmarks/LedgerBench"),
        .testTarget(
            name: "SnugLedgerTests",
            dependencies: [
                "SnugLedger", "SnugGeneration", "SnugHTTP", "SnugUpload", "SnugSystem", "SnugTestSupport",
                "snug-ledger-worker", grdb, systemPackage,
            ],
            resources: [.copy("Fixtures")]),
        // A daemon that tests kill.
        .executableTarget(
            name: "snug-daemon-worker",
            dependencies: [
                "SnugPipeline", "SnugLedger", "SnugImage", "SnugHTTP", "SnugUpload", "SnugGeneration", "SnugSystem",
                logging, systemPackage,
            ],
            path: "Tests/DaemonWorker"),
        .testTarget(
            name: "SnugPipelineTests",
            dependencies: [
                "SnugPipeline", "SnugImage", "SnugHTTP", "SnugUpload", "SnugGeneration", "SnugLedger", "SnugSimulator",
                "SnugSystem", "SnugTestSupport", "snug-daemon-worker", logging, metrics, metricsTestKit, systemPackage,
            ]),
        .testTarget(
            name: "SnugServerTests",
            dependencies: [
                "SnugServer", "SnugPipeline", "SnugImage", "SnugLedger", "SnugSystem", "SnugTestSupport", "SnugHTTP",
                "SnugUpload", "SnugGeneration", "SnugSimulator", orderedCollections, serviceLifecycle, yams, httpTypes,
                logging, metrics, systemPackage,
            ]),
        .testTarget(
            name: "snugTests",
            dependencies: [
                "snug", "SnugPipeline", "SnugServer", "SnugSystem", "SnugImage", "SnugHTTP", "SnugGeneration",
                "SnugLedger", "SnugSimulator", "SnugTestSupport", argumentParser, httpTypes, logging, systemPackage,
            ]),
        .testTarget(
            name: "SnugSimulatorTests",
            dependencies: ["SnugSimulator", "SnugImage", "SnugSystem", "SnugTestSupport", systemPackage],
            swiftSettings: imageSettings),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.cSettings == nil && target.swiftSettings == nil && target.type != .system {
    target.swiftSettings = settings
}
