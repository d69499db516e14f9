// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// The words of a process about an image that it was asked to fit; the result's bytes are beside them.
enum FitReply: Codable, Hashable, Sendable {
    case image(Report)
    case failure(Failure)
    case alphaRange(least: UInt8, greatest: UInt8)
    case noAlpha

    /// A fitted image but its bytes, and but the source's header, which the parent has read itself.
    struct Report: Codable, Hashable, Sendable {
        var status: String
        /// The result is the source as it is.
        var isSource: Bool
        var byteCount: Int
        var format: ImageFormat
        var width: Int
        var height: Int
        var quality: Double?
        var scale: Double
        var encodes: Int
        var warnings: [String]

        init(_ image: FittedImage) {
            status = image.status.rawValue
            isSource = if case .source = image.content { true } else { false }
            byteCount = image.byteCount
            format = image.format
            width = image.width
            height = image.height
            quality = image.quality
            scale = image.scale
            encodes = image.encodes
            warnings = image.warnings
        }
    }

    /// An ``ImageError``.
    struct Failure: Codable, Hashable, Sendable {
        var code: String
        var message: String
        var integers: [String: Int] = [:]
        var numbers: [String: Double] = [:]
        var texts: [String: String] = [:]
        var settings: [String]

        init(_ error: ImageError) {
            code = error.code.description
            message = error.message
            settings = error.settings.map(\.rawValue)
            for (name, detail) in error.details {
                switch detail {
                case .integer(let value): integers[name] = value
                case .number(let value) where value.isFinite: numbers[name] = value
                case .number: break
                case .text(let value): texts[name] = value
                }
            }
        }

        /// The error; `nil` where no such code exists.
        var error: ImageError? {
            guard let code = ImageError.Code(text: code) else { return nil }
            var details: [String: ImageError.Detail] = [:]
            for (name, value) in integers { details[name] = .integer(value) }
            for (name, value) in numbers { details[name] = .number(value) }
            for (name, value) in texts { details[name] = .text(FitReply.plain(value)) }
            return ImageError(
                code, FitReply.plain(message), details: details,
                settings: settings.compactMap(ImageError.Setting.init(rawValue:)))
        }
    }

    /// `nil` for bytes that are no reply.
    init?(_ bytes: [UInt8]) {
        if let report = Report(fields: bytes) {
            self = .image(report)
            return
        }
        guard let reply = try? JSONDecoder().decode(FitReply.self, from: Data(bytes)) else { return nil }
        self = reply
    }

    /// `nil` where a figure is no number.
    var bytes: [UInt8]? {
        if case .image(let report) = self { return report.fields }
        return (try? JSONEncoder().encode(self)).map { [UInt8]($0) }
    }

    /// Words without controls and of a length that can be read: the process that wrote them may have been taken over.
    static func plain(_ text: String) -> String {
        let scalars = text.unicodeScalars.prefix(4_000).filter { $0.properties.generalCategory != .control }
        return String(String.UnicodeScalarView(scalars))
    }
}
