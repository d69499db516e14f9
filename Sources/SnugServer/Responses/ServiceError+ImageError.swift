// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugImage
import SnugPipeline
import SnugSystem

extension ServiceError {
    /// An error of the engine, its settings named as the parameters of a request.
    init(_ error: ImageError) {
        var message = error.message
        for setting in error.settings {
            // Whether a file is trusted is for the server's operator to say.
            message = message.replacing("\(setting.remedy) if you trust the file", with: setting.parameterRemedy)
            message = message.replacing(setting.remedy, with: setting.parameterRemedy)
        }
        self.init(Self.status(of: error.code), error.code.description, message, details: error.json["details"] ?? [:])
    }

    /// The status that follows the fault: 4xx for what the client sent, 5xx for this machine.
    static func status(of code: ImageError.Code) -> HTTPResponse.Status {
        switch code {
        case .emptyInput, .invalidArgument: .badRequest
        case .notAnImage, .unsupportedFormat, .unsupportedFeature: .unsupportedMediaType
        case .corruptInput, .truncatedInput, .cannotFit, .decoderCrashed, .decoderTimedOut: .unprocessableContent
        // The library that reads this format is not installed here.
        case .decoderUnavailable: .notImplemented
        case .limitExceeded, .memoryExceeded: .contentTooLarge
        case .diskFull: HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
        // Files of the server's own: no client can cause these.
        default: .internalServerError
        }
    }
}

extension ImageError.Setting {
    /// The parameter of a request that changes the setting; `nil` where only the server's operator can.
    var parameter: String? {
        switch self {
        case .byteLimit: "limit"
        case .qualityFloor: "quality-floor"
        case .keepsSize: "keep-size"
        case .background: "background"
        case .metadata: "metadata"
        case .recovery: "salvage"
        case .inputPixels, .inputSide, .inputChunks, .inputMetadata, .inputScans, .inputScanWork, .memory: nil
        }
    }

    /// ``ImageError/Setting/remedy`` by means of the parameter.
    var parameterRemedy: String {
        guard let parameter else { return self == .memory ? "send or ask for a smaller image" : "send a smaller image" }
        return switch self {
        case .keepsSize: "leave out '\(parameter)'"
        case .qualityFloor: "lower '\(parameter)'"
        case .background: "give '\(parameter)' a colour"
        case .metadata: "set '\(parameter)' to strip"
        case .recovery: "set '\(parameter)' to keep the rows that are there"
        default: "raise '\(parameter)'"
        }
    }
}
