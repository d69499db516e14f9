// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import SnugGeneration
import SnugHTTP
import SnugImage
import SnugSystem
import SnugUpload
import SystemPackage

/// Every setting that has a part in the result of a job: its identity in the ledger, and the orders for its stages.
///
/// A job keeps the options that it was put in with, whatever becomes of the configuration meanwhile.
struct JobOptions: Sendable, Hashable, Codable {
    /// The version of the meaning of pipelines and options.
    static let version = 1

    var stages: [Pipeline.Stage]
    var fit: FitOptions?
    var upload: UploadOrder?
    var generation: GenerationOrder?

    /// The options of a folder, for files without a sidecar.
    init(_ folder: WatchFolder) {
        stages = folder.pipeline.stages
        if folder.pipeline.contains(.fit) {
            fit = FitOptions(folder.limits, folder.policy, hasTarget: folder.hasTarget)
        }
        if folder.pipeline.contains(.upload) { upload = folder.upload.map(UploadOrder.init) }
        if folder.pipeline.contains(.generate) { generation = folder.generation.map(GenerationOrder.init) }
    }

    /// The options of a job in the ledger; `nil` for text of another version.
    init?(text: String) {
        guard let options = try? JSONDecoder().decode(Self.self, from: Data(text.utf8)) else { return nil }
        self = options
    }

    /// The options as text, equal in every process for equal options.
    var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Numbers, texts and lists of them can always be encoded.
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}

/// The limits and the policy of a fit.
struct FitOptions: Sendable, Hashable, Codable {
    var byteLimit: Int
    var counting: Limits.ByteCounting
    var maximumSide: Int?
    var minimumSide: Int?
    var maximumPixelCount: Int?
    var maximumWidth: Int?
    var maximumHeight: Int?
    var maximumShortSide: Int?
    var minimumBytes: Int?
    var inputShare: Double?
    var requiresSRGB: Bool
    /// In alphabetical order: the order of a set differs from process to process.
    var formats: [String]
    var policy: FitPolicy
    /// The limits are a target's; `nil`, from before there was WebP, stands for true.
    var hasTarget: Bool?

    init(_ limits: Limits, _ policy: FitPolicy, hasTarget: Bool) {
        byteLimit = limits.byteLimit
        counting = limits.counting
        maximumSide = limits.maximumSide
        minimumSide = limits.minimumSide
        maximumPixelCount = limits.maximumPixelCount
        maximumWidth = limits.maximumWidth
        maximumHeight = limits.maximumHeight
        maximumShortSide = limits.maximumShortSide
        minimumBytes = limits.minimumBytes
        inputShare = limits.inputShare
        requiresSRGB = limits.requiresSRGB
        formats = limits.formats.map(\.rawValue).sorted()
        self.policy = policy
        self.hasTarget = hasTarget
    }

    var limits: Limits {
        var limits = Limits(
            byteLimit: byteLimit, counting: counting, maximumSide: maximumSide, minimumSide: minimumSide,
            maximumPixelCount: maximumPixelCount, formats: Set(formats.compactMap(ImageFormat.init(rawValue:))))
        limits.maximumWidth = maximumWidth
        limits.maximumHeight = maximumHeight
        limits.maximumShortSide = maximumShortSide
        limits.minimumBytes = minimumBytes
        limits.inputShare = inputShare
        limits.requiresSRGB = requiresSRGB
        return hasTarget ?? true ? limits : limits.accepting(policy.format)
    }
}

/// The server of an upload. Secrets are in it by their places only.
struct UploadOrder: Sendable, Hashable, Codable {
    struct Header: Sendable, Hashable, Codable {
        var name: String
        /// The text, or what precedes the secret.
        var text: String
        var variable: String?
        var file: String?
    }

    var url: String
    /// The query of the address, where a part of it is secret.
    var query: Header?
    var uploadProtocol: UploadProtocol?
    var headers: [Header]
    var contentType: String?
    var s3KeyID: Header?
    var s3Key: Header?
    var s3Region: String?
    var formField: String

    init(_ settings: UploadSettings) {
        url = settings.url.text
        query = settings.query.map { Header("", $0) }
        uploadProtocol = settings.uploadProtocol
        headers = settings.headers.map { Header($0.name, $0.value) }
        contentType = settings.contentType
        s3KeyID = settings.s3.map { Header("", "", $0.accessKeyID) }
        s3Key = settings.s3.map { Header("", "", $0.secretKey) }
        s3Region = settings.s3?.region
        formField = settings.formField
    }
}

extension UploadOrder.Header {
    init(_ name: String, _ value: UploadSettings.HeaderValue) {
        switch value {
        case .text(let text): self.init(name: name, text: text)
        case .secret(let prefix, let place): self.init(name, prefix, place)
        }
    }

    init(_ name: String, _ prefix: String, _ place: SecretReference) {
        self.init(name: name, text: prefix)
        switch place {
        case .environment(let name): variable = name
        case .file(let path): file = PathText.encode(path.bytes)
        }
    }

    /// The whole value, with the secret. It may block.
    func value() throws(DaemonError) -> String {
        let place: SecretReference
        if let variable {
            place = .environment(variable)
        } else if let file {
            place = .file(FilePath(bytes: PathText.decode(file)))
        } else {
            return text
        }
        return text + (try place.read().reveal())
    }
}

/// The request of a generation.
struct GenerationOrder: Sendable, Hashable, Codable {
    var account: String
    var prompt: String?
    var model: String?
    var fallbackModels: [String]
    var size: String?
    var count: Int
    var seed: Int?
    var format: String?
    var parameters: [String: GenerationRequest.Parameter]
    /// The longest that the generation may take, in seconds, where the account's own limit is not the one.
    var timeout: Int?

    init(_ settings: GenerationSettings) {
        account = settings.account
        prompt = settings.prompt
        model = settings.model
        fallbackModels = settings.fallbackModels
        size = settings.size?.description
        count = settings.count
        seed = settings.seed
        format = settings.format
        parameters = settings.parameters
    }

    func request(with images: [ImageInput]) -> GenerationRequest {
        GenerationRequest(
            prompt: prompt ?? "", model: model, fallbackModels: fallbackModels, size: size.flatMap(ImageSize.init),
            count: count, images: images, seed: seed, format: format, parameters: parameters)
    }
}
