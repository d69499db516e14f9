// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let package = Package(
    name: "embed",
    dependencies: [.package(name: "snug", path: "../..")],
    targets: [
        .executableTarget(name: "embed", dependencies: [.product(name: "SnugImage", package: "snug")])
    ]
)
