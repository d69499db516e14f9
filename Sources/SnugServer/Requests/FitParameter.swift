// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline
import SnugSystem

/// A parameter of a fit, named like the option of `snug fit`.
package struct FitParameter: Sendable {
    /// The name: the long option without its dashes.
    package let name: String
    /// True for one that is on or off.
    package let isFlag: Bool
    /// Words that it takes; empty for other values.
    package let choices: [String]
    let apply: @Sendable (inout FitOrder, String) throws(ParameterFault) -> Void

    /// A parameter that sets a property.
    init<Value: Sendable>(
        _ name: String, _ property: any WritableKeyPath<FitOrder, Value> & Sendable, choices: [String] = [],
        _ parse: @escaping @Sendable (String) throws(ParameterFault) -> Value
    ) {
        self.init(name, choices: choices) { order, text throws(ParameterFault) in
            order[keyPath: property] = try parse(text)
        }
    }

    /// A parameter that is on or off.
    init(flag name: String, _ property: any WritableKeyPath<FitOrder, Bool> & Sendable) {
        self.init(name, isFlag: true) { order, text throws(ParameterFault) in
            order[keyPath: property] = try ParameterText.flag(text)
        }
    }

    init(
        _ name: String, isFlag: Bool = false, choices: [String] = [],
        apply: @escaping @Sendable (inout FitOrder, String) throws(ParameterFault) -> Void
    ) {
        self.name = name
        self.isFlag = isFlag
        self.choices = choices
        self.apply = apply
    }

    /// The names of all.
    package static var names: [String] { all.map(\.name) }

    /// Every parameter; `for` first, because the others override it.
    package static let all: [FitParameter] = limits + image + guards

    private static let limits: [FitParameter] = [
        FitParameter("for", choices: TargetProfile.all.map(\.name)) { order, text throws(ParameterFault) in
            let profile = try ParameterText.profile(text)
            order.limits = profile.limits
            order.target = profile.name
        },
        FitParameter("limit") { order, text throws(ParameterFault) in
            if text.hasSuffix("%") {
                order.limits.inputShare = try ParameterText.share(text)
            } else {
                order.limits.byteLimit = try ParameterText.size(text)
                order.limits.counting = .raw
            }
        },
        FitParameter("min-bytes", \.limits.minimumBytes) { text throws(ParameterFault) in try ParameterText.size(text)
        },
        FitParameter("base64", isFlag: true) { order, text throws(ParameterFault) in
            if try ParameterText.flag(text) { order.limits.counting = .base64 }
        },
        FitParameter("max-side", \.limits.maximumSide) { text throws(ParameterFault) in try ParameterText.pixels(text)
        },
        FitParameter("short-side", \.limits.maximumShortSide) { text throws(ParameterFault) in
            try ParameterText.pixels(text)
        },
        FitParameter("max-width", \.limits.maximumWidth) { text throws(ParameterFault) in
            try ParameterText.pixels(text)
        },
        FitParameter("max-height", \.limits.maximumHeight) { text throws(ParameterFault) in
            try ParameterText.pixels(text)
        },
        FitParameter("max-pixels", \.limits.maximumPixelCount) { text throws(ParameterFault) in
            try ParameterText.pixelCount(text)
        },
    ]

    private static let image: [FitParameter] = [
        FitParameter("format", \.policy.format, choices: FitPolicy.OutputFormat.allCases.map(\.rawValue)) {
            text throws(ParameterFault) in
            try ParameterText.choice(text.lowercased() == "jpg" ? "jpeg" : text.lowercased())
        },
        FitParameter("strategy", \.policy.strategy, choices: FitPolicy.Strategy.allCases.map(\.rawValue)) {
            text throws(ParameterFault) in try ParameterText.choice(text)
        },
        FitParameter("effort", \.policy.effort, choices: FitPolicy.Effort.allCases.map(\.rawValue)) {
            text throws(ParameterFault) in try ParameterText.choice(text)
        },
        FitParameter(flag: "keep-size", \.policy.keepsSize),
        FitParameter("scale", \.policy.maximumScale) { text throws(ParameterFault) in try ParameterText.share(text) },
        FitParameter("size", \.policy.frame) { text throws(ParameterFault) in try ParameterText.frame(text) },
        FitParameter(flag: "crop", \.crops),
        FitParameter(flag: "pad", \.pads),
        FitParameter(flag: "lossless", \.policy.isLossless),
        FitParameter("min-saving", \.minimumSaving) { text throws(ParameterFault) in try ParameterText.share(text) },
        FitParameter(flag: "baseline", \.policy.isBaseline),
        FitParameter("quality-floor", \.policy.qualityFloor) { text throws(ParameterFault) in
            try ParameterText.quality(text)
        },
        FitParameter("quality-ceiling", \.policy.qualityCeiling) { text throws(ParameterFault) in
            try ParameterText.quality(text)
        },
        FitParameter("chroma", \.policy.chroma, choices: FitPolicy.ChromaChoice.allCases.map(\.rawValue)) {
            text throws(ParameterFault) in try ParameterText.choice(text)
        },
        FitParameter("palette", \.policy.palette, choices: FitPolicy.Use.allCases.map(\.rawValue)) {
            text throws(ParameterFault) in try ParameterText.choice(text)
        },
        FitParameter("dither", \.policy.dither, choices: FitPolicy.Use.allCases.map(\.rawValue)) {
            text throws(ParameterFault) in try ParameterText.choice(text)
        },
        FitParameter("metadata", \.policy.metadata) { text throws(ParameterFault) in try ParameterText.metadata(text) },
        FitParameter(flag: "copy-compliant", \.policy.copiesCompliant),
        FitParameter(flag: "to-srgb", \.policy.convertsToSRGB),
        FitParameter("background", \.policy.background) { text throws(ParameterFault) in try ParameterText.colour(text)
        },
        FitParameter("page", \.policy.page) { text throws(ParameterFault) in try ParameterText.count(text) },
        FitParameter(flag: "salvage", \.policy.recoversPartialImages),
    ]

    /// Guards against hostile inputs, which a request may make tighter than the server's and no looser.
    private static let guards: [FitParameter] = [
        tightening("max-input-pixels", \.maximumPixelCount, ParameterText.pixelCount),
        tightening("max-input-side", \.maximumSide, ParameterText.pixels),
        tightening("max-input-chunks", \.maximumChunkCount, ParameterText.count),
        tightening("max-input-metadata", \.maximumMetadataBytes, ParameterText.size),
        tightening("max-input-scans", \.maximumScanCount, ParameterText.count),
        tightening("max-input-scan-work", \.maximumScanWork, ParameterText.count),
    ]

    private static func tightening(
        _ name: String, _ property: any WritableKeyPath<DecodingLimits, Int> & Sendable,
        _ read: @escaping @Sendable (String) throws(ParameterFault) -> Int
    ) -> FitParameter {
        FitParameter(name) { order, text throws(ParameterFault) in
            let most = order.policy.decodingLimits[keyPath: property]
            let value = try read(text)
            guard value <= most else { throw ParameterFault("may be \(most) at most here; give a lower number") }
            order.policy.decodingLimits[keyPath: property] = value
        }
    }
}
