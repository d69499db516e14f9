// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline

extension ImageError.Setting {
    /// The option of `snug fit` that changes the setting.
    var option: String {
        switch self {
        case .inputPixels: "--max-input-pixels"
        case .inputSide: "--max-input-side"
        case .inputChunks: "--max-input-chunks"
        case .inputMetadata: "--max-input-metadata"
        case .inputScans: "--max-input-scans"
        case .inputScanWork: "--max-input-scan-work"
        case .memory: "--memory"
        case .byteLimit: "--limit"
        case .qualityFloor: "--quality-floor"
        case .keepsSize: "--keep-size"
        case .background: "--background"
        case .metadata: "--metadata"
        case .recovery: "--salvage"
        }
    }

    /// ``ImageError/Setting/remedy`` by means of the option.
    var optionRemedy: String {
        switch self {
        case .keepsSize: "leave out \(option)"
        case .qualityFloor: "lower \(option)"
        case .background: "give \(option) COLOR"
        case .metadata: "pass \(option) strip"
        case .recovery: "pass \(option) to keep the rows that are there"
        default: "raise \(option)"
        }
    }
}

extension ImageError {
    /// The error as the command reports it: options instead of the library's settings.
    var namingOptions: ImageError {
        var error = self
        for setting in settings {
            error.message = error.message.replacing(setting.remedy, with: setting.optionRemedy)
        }
        if code == .limitExceeded, let setting = settings.first { error.details["option"] = .text(setting.option) }
        return error
    }
}

extension Inspection {
    /// The inspection as the command reports it: options instead of the library's settings.
    var namingOptions: Inspection {
        var inspection = self
        inspection.facts = facts.mapError(\.namingOptions).map { facts in
            var facts = facts
            facts.plan = facts.plan.mapError(\.namingOptions)
            return facts
        }
        return inspection
    }
}
