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
        case .background: "give \(option) COLOUR"
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

extension ImageError {
    /// The error as `snug inspect` reports it, which has the guards of `snug fit` only.
    fileprivate var namingInspectOptions: ImageError {
        guard !settings.allSatisfy(\.isGuard) else { return namingOptions }
        var error = self
        for setting in settings {
            let remedy = setting.isGuard ? setting.optionRemedy : "use 'snug fit \(setting.option)'"
            error.message = error.message.replacing(setting.remedy, with: remedy)
        }
        return error
    }
}

extension ImageError.Setting {
    /// True for a guard against hostile inputs.
    fileprivate var isGuard: Bool {
        [.inputPixels, .inputSide, .inputChunks, .inputMetadata, .inputScans, .inputScanWork].contains(self)
    }
}

extension Inspection {
    /// The inspection as `snug inspect` reports it: options instead of the library's settings, its own for the file and those
    /// of `snug fit` for the plan.
    var namingOptions: Inspection {
        var inspection = self
        inspection.facts = facts.mapError(\.namingInspectOptions).map { facts in
            var facts = facts
            facts.plan = facts.plan.mapError(\.namingOptions)
            return facts
        }
        return inspection
    }
}
