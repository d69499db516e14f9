// SPDX-License-Identifier: Apache-2.0

extension ImageError {
    /// The message without the advice at its end: a warning about an image that is delivered all the same.
    var finding: String {
        guard let advice = message.firstRange(of: "; get it again") else { return message }
        return String(message[..<advice.lowerBound])
    }

    /// The error without the advice to change a setting, which a program does not offer or nobody made.
    package func withoutAdvice(about setting: Setting) -> ImageError {
        guard settings.contains(setting) else { return self }
        var error = self
        error.settings.removeAll { $0 == setting }
        for advice in [", or \(setting.remedy)", " or \(setting.remedy)", "\(setting.remedy), or "] {
            error.message = error.message.replacing(advice, with: "")
        }
        return error
    }

    /// A limit or setting of the caller's that decides over an error.
    ///
    /// The message names the remedy in words; a program with options of its own replaces ``remedy`` by theirs.
    public enum Setting: String, Sendable, Hashable, CaseIterable {
        /// ``DecodingLimits/maximumPixelCount``.
        case inputPixels
        /// ``DecodingLimits/maximumSide``.
        case inputSide
        /// ``DecodingLimits/maximumChunkCount``.
        case inputChunks
        /// ``DecodingLimits/maximumMetadataBytes``.
        case inputMetadata
        /// ``DecodingLimits/maximumScanCount``.
        case inputScans
        /// ``DecodingLimits/maximumScanWork``.
        case inputScanWork
        /// ``ImageFitter/Configuration/memory``.
        case memory
        /// ``Limits/byteLimit``.
        case byteLimit
        /// ``FitPolicy/qualityFloor``.
        case qualityFloor
        /// ``FitPolicy/keepsSize``.
        case keepsSize
        /// ``FitPolicy/background``.
        case background
        /// ``FitPolicy/metadata-swift.property``.
        case metadata
        /// ``FitPolicy/recoversPartialImages``.
        case recovery

        /// The change that helps, as the messages word it.
        public var remedy: String {
            switch self {
            case .inputPixels: "raise the limit on input pixels"
            case .inputSide: "raise the limit on input sides"
            case .inputChunks: "raise the limit on segments and chunks"
            case .inputMetadata: "raise the limit on metadata"
            case .inputScans: "raise the limit on scans"
            case .inputScanWork: "raise the limit on scan work"
            case .memory: "raise the memory limit"
            case .byteLimit: "raise the byte limit"
            case .qualityFloor: "lower the quality floor"
            case .keepsSize: "allow a smaller size"
            case .background: "set a background colour"
            case .metadata: "drop the metadata"
            case .recovery: "turn on recovery to keep the rows that are there"
            }
        }
    }
}
