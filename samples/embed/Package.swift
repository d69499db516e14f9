// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let package = Package(
    name: "embed",
    dependencies: [
        .package(name: "snug", path: "../.."),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    ],
    targets: [
        .executableTarget(
            name: "embed",
            dependencies: [
                .product(name: "SnugImage", package: "snug"), .product(name: "SnugHTTP", package: "snug"),
                .product(name: "SnugUpload", package: "snug"), .product(name: "SnugGeneration", package: "snug"),
                .product(name: "SnugLedger", package: "snug"), .product(name: "SnugPipeline", package: "snug"),
                .product(name: "SnugSimulator", package: "snug"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ])
    ],
    swiftLanguageModes: [.v6]
)
