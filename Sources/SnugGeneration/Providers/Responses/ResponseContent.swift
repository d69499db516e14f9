// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import HTTPTypes
import SnugHTTP
import SnugSystem

/// Sorts the body of a response, as it comes, into text and images, by its first bytes.
struct ResponseContent {
    /// Something that is known before the body is over.
    enum Happening {
        case partial(PartialImage)
        /// Nothing that follows is wanted.
        case over
    }

    private enum Kind {
        /// Too little of it is here.
        case undecided
        case json, events, image, text
        /// Text, and more of it than is kept.
        case textCut
    }

    /// Bytes that tell the kinds of responses apart.
    private static let decidingByteCount = 32

    private let head: HTTPResponse
    private let limits: ResponseReader.Limits
    private let makeFile: () throws(HTTPError) -> SpoolFile
    private var kind = Kind.undecided
    private var start: [UInt8] = []
    private var text: [UInt8] = []
    private var images: [SpooledImage] = []
    private var json: JSONImageScanner?
    private var events: EventStreamParser?
    private var file: SpoolFile?
    private var isCompleted = false
    private(set) var byteCount = 0

    init(
        _ head: HTTPResponse, limits: ResponseReader.Limits,
        makeFile: @escaping () throws(HTTPError) -> SpoolFile
    ) {
        self.head = head
        self.limits = limits
        self.makeFile = makeFile
    }

    var isEventStream: Bool { kind == .events }
    var isJSON: Bool { kind == .json }
    /// True for JSON that is complete by its own grammar, once the body is finished.
    var isWholeJSON: Bool { kind == .json && JSONValue(parsing: text) != nil }

    /// Takes some bytes.
    /// - Throws: `sink_failed`, `response_too_large`.
    mutating func consume(_ piece: [UInt8]) throws(HTTPError) -> [Happening] {
        byteCount += piece.count
        guard byteCount <= limits.bodyBytes else {
            throw HTTPError(
                .responseTooLarge, "the response has more than \(limits.bodyBytes) bytes; allow more if that is right")
        }
        guard kind == .undecided else { return try take(piece) }
        // A server may keep a connection alive with blanks before the response; no image begins with one.
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
        start += start.isEmpty ? piece.drop(while: isBlank) : piece[...]
        guard start.count >= Self.decidingByteCount else { return [] }
        return try decide()
    }

    /// Ends the body.
    mutating func finish() throws(HTTPError) -> [Happening] {
        let happenings = kind == .undecided ? try decide() : []
        try json?.finish()
        if let json {
            text = json.text
            images = json.images
        }
        if let file { images = [file.finish()] }
        file = nil
        return happenings
    }

    /// The response read so far.
    var response: ProviderResponse {
        ProviderResponse(
            status: head.status.code, headers: head.headerFields, text: text, images: images,
            isStreamComplete: kind == .events ? isCompleted : nil, byteCount: byteCount)
    }

    // MARK: Kinds

    private mutating func decide() throws(HTTPError) -> [Happening] {
        kind = Self.kind(of: start, type: head.headerFields[.contentType]?.lowercased() ?? "", status: head.status.code)
        let limit = limits.textBytes
        let makeFile = makeFile
        let makeScanner = { JSONImageScanner(textLimit: limit, makeFile: makeFile) }
        switch kind {
        case .json: json = makeScanner()
        case .events: events = EventStreamParser(makeScanner: makeScanner)
        case .image: file = try makeFile()
        case .text, .textCut, .undecided: break
        }
        defer { start = [] }
        return try take(start)
    }

    private static func kind(of start: [UInt8], type: String, status: Int) -> Kind {
        let isSuccess = (200...299).contains(status)
        let signature = ContentSignature(start)
        if signature.imageMediaType != nil { return .image }
        switch signature {
        case .json: return .json
        case .text, .binary, .zeroes:
            if type.hasPrefix("text/event-stream") { return .events }
            let fields = ["event:", "data:", "id:", "retry:", ":"]
            if isSuccess, !type.hasPrefix("image/"), fields.contains(where: { start.starts(with: $0.utf8) }) {
                return .events
            }
            // What only its label calls an image goes to the checker, which knows best.
            return isSuccess && (type.hasPrefix("image/") || type == "application/octet-stream") ? .image : .text
        default: return .text
        }
    }

    private mutating func take(_ piece: [UInt8]) throws(HTTPError) -> [Happening] {
        switch kind {
        case .json:
            try json?.consume(piece.span)
            // An error's text is not worth more bytes than are kept of it.
            return json?.isCut == true && head.status.code >= 400 ? [.over] : []
        case .events:
            var happenings: [Happening] = []
            for event in try events?.consume(piece) ?? [] {
                let happening = take(event)
                happenings += happening
                if case .over? = happening.last { break }
            }
            return happenings
        case .image:
            try file?.write(piece)
            return []
        case .text:
            text += piece.prefix(limits.textBytes - text.count)
            if text.count == limits.textBytes { kind = .textCut }
            return []
        case .textCut: return [.over]
        case .undecided: return []
        }
    }

    // MARK: Events

    private struct EventFields: Decodable {
        var type: String?
        var index: Int?
        var isError = false

        private enum Key: String, CodingKey {
            case type, error
            case index = "partial_image_index"
        }

        init() {}

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: Key.self)
            // A member of another kind than documented is as good as none.
            type = try? values.decodeIfPresent(String.self, forKey: .type)
            index = try? values.decodeIfPresent(Int.self, forKey: .index)
            isError = values.contains(.error) && (try? values.decodeNil(forKey: .error)) == false
        }
    }

    private mutating func take(_ event: EventStreamParser.Event) -> [Happening] {
        if event.data == Array("[DONE]".utf8) { return [.over] }
        let fields = (try? JSONDecoder().decode(EventFields.self, from: Data(event.data))) ?? EventFields()
        let name = event.name.isEmpty || event.name == "message" ? fields.type ?? "" : event.name
        if name.hasSuffix(".partial_image") {
            return event.images.map { .partial(PartialImage(index: fields.index ?? 0, image: $0)) }
        }
        text = event.data
        images = event.images
        isCompleted = name.hasSuffix(".completed")
        return isCompleted || fields.isError || name == "error" ? [.over] : []
    }
}

/// An unfinished image that came on the way.
struct PartialImage: Sendable, Hashable {
    /// From 0 on.
    var index: Int
    /// Its file is gone with the last reference.
    var image: SpooledImage
}
