// SPDX-License-Identifier: Apache-2.0
public import Logging
public import Metrics
public import SnugGeneration
public import SnugHTTP
public import SnugImage
import SnugSystem
public import SystemPackage

extension GenerationClient {
    /// A client whose input images are fitted, and whose results are checked, by ``SnugImage``.
    /// - Parameters:
    ///   - images: Share one among clients of a provider to share its memory budget.
    ///   - host: Puts input images where the provider fetches them; needed for providers that take addresses only.
    public convenience init(
        provider: Provider, credentials: GenerationCredentials, http: HTTPClient,
        options: GenerationOptions = GenerationOptions(), stores: GenerationStores = GenerationStores(),
        images: GenerationImageFitter, host: (any ImageHost)? = nil, logger: Logger,
        metrics: any MetricsFactory = MetricsSystem.factory
    ) {
        self.init(
            provider: provider, credentials: credentials, http: http, options: options, stores: stores,
            refitter: { input, limits in
                do {
                    return try await images.fit(input, limits)
                } catch let error as ImageError {
                    throw GenerationError(.imageFailed, error.message, cause: error)
                }
            }, host: host, checker: { try await images.check($0) },
            converter: { path, fileExtension in
                do {
                    return try await images.convert(path, to: fileExtension)
                } catch let error as ImageError {
                    throw GenerationError(.wrongFormat, error.message, cause: error)
                }
            },
            logger: logger, metrics: metrics)
    }
}

/// Fits input images to what a provider takes, and checks images that it delivers.
public struct GenerationImageFitter: Sendable {
    private let fitter: ImageFitter
    private let threads: BlockingThreads
    private let profile: Limits
    private let maskProfile: Limits?
    /// More bytes than any image here has.
    private static let unlimited = 1 << 40

    /// A fitter for one provider.
    /// - Parameters:
    ///   - provider: The API, whose limits images have to keep.
    ///   - maximumConcurrency: Images at once. Default: the number of usable cores.
    ///   - fitter: The engine, whose memory budget and threads are shared with everything else that it does. Default: one
    ///     of its own.
    public init(for provider: Provider, maximumConcurrency: Int? = nil, fitter: ImageFitter? = nil) {
        let count = max(1, min(maximumConcurrency ?? .max, Machine.usableCoreCount))
        self.fitter = fitter ?? ImageFitter(configuration: ImageFitter.Configuration(threads: count))
        threads = BlockingThreads(count: count + 1)
        profile = TargetProfile.named(provider.profile)?.limits ?? Limits()
        maskProfile = provider.maskProfile.flatMap { TargetProfile.named($0)?.limits }
    }

    // MARK: Input

    /// Fits an image to the provider's profile, and to the limits that the provider has named.
    /// - Throws: `ImageError`, `CancellationError`.
    public func fit(_ input: ImageInput, _ narrowed: InputLimits) async throws -> FittedInput {
        let (source, name) = try await open(input)
        // Only a mask has to be a PNG.
        let isMask = narrowed.mediaTypes == [ImageFormat.png.mediaType] && maskProfile != nil
        var policy = FitPolicy()
        var limits = Self.limits(isMask ? maskProfile ?? profile : profile, narrowed)
        do {
            if isMask {
                try await checkMask(source)
                policy.format = .png
                // Without a limit of its own it stays as large as it is, like an image that is not scaled.
                policy.keepsSize = narrowed.maximumSide == nil
                limits.maximumSide = narrowed.maximumSide
            }
            let image = try await fitter.fit(source, limits: limits, policy: policy)
            return FittedInput(
                bytes: try await bytes(of: image, source), mediaType: image.format.mediaType,
                name: "\(ImageNaming.slug(name)).\(image.format.fileExtension)",
                size: ImageSize(width: image.width, height: image.height))
        } catch let error as ImageError {
            throw ImageError(
                error.code, "\(Self.label(of: input, name)): \(error.withoutAdvice(about: .recovery).message)")
        }
    }

    /// Refuses a mask that selects nothing, or everything.
    private func checkMask(_ source: ImageSource) async throws {
        let remedy = "make the areas that may change transparent, and save it as PNG"
        guard let alpha = try await fitter.alphaRange(of: source) else {
            throw ImageError(.invalidArgument, "has no transparency; \(remedy)")
        }
        guard alpha.lowerBound < 255 else {
            throw ImageError(.invalidArgument, "is opaque everywhere, so nothing would change; \(remedy)")
        }
        guard alpha.upperBound > 0 else {
            throw ImageError(
                .invalidArgument,
                "is transparent everywhere, so all of the image would change; make the areas opaque that have to stay, or "
                    + "use no mask")
        }
    }

    private static func limits(_ profile: Limits, _ narrowed: InputLimits) -> Limits {
        let formats = ImageFormat.allCases.filter { narrowed.mediaTypes.contains($0.mediaType) }
        return Limits(
            byteLimit: min(profile.fileByteLimit, narrowed.byteLimit),
            maximumSide: [profile.maximumSide, narrowed.maximumSide].compactMap { $0 }.min(),
            minimumSide: profile.minimumSide, maximumPixelCount: profile.maximumPixelCount,
            formats: profile.formats.intersection(formats))
    }

    /// An input as messages name it: as its user did.
    private static func label(of input: ImageInput, _ name: String) -> String {
        if case .file(let path) = input { return PrintableName.of(WorkingFolder.shown(path)) }
        return PrintableName.escaped(name)
    }

    private func open(_ input: ImageInput) async throws -> (ImageSource, name: String) {
        switch input {
        case .file(let path):
            do {
                let source = try await threads.run { try ImageSource(file: path) }
                return (source, path.lastComponent?.stem ?? "image")
            } catch let error as ImageError {
                throw ImageError(error.code, "\(PrintableName.of(WorkingFolder.shown(path))): \(error.message)")
            }
        case .bytes(let bytes, let name): return (ImageSource(bytes: bytes), FilePath(name).stem ?? "image")
        case .url: throw ImageError(.invalidArgument, "an address cannot be fitted; download it first")
        }
    }

    private func bytes(of image: FittedImage, _ source: ImageSource) async throws -> [UInt8] {
        switch image.content {
        case .bytes(let bytes): return bytes
        case .source:
            return try await threads.run {
                let bytes = try source.bytes(at: 0, count: source.byteCount)
                try source.checkUnchanged()
                return bytes
            }
        }
    }

    // MARK: Results

    /// Checks that a file is a whole image: decodes it to its end where it can be passed on as it is, else walks
    /// its structure.
    /// - Throws: `ImageError`, `CancellationError`.
    public func check(_ path: FilePath) async throws -> ImageFacts {
        let source = try await threads.run { try ImageSource(file: path) }
        let header = try await fitter.header(of: source)
        if ImageFormat.deliverable.contains(header.format) {
            // It only has to be passed on.
            var policy = FitPolicy()
            policy.metadata = .keep
            policy.format = .keep
            let limits = Limits(byteLimit: Self.unlimited, formats: [header.format])
            do {
                let image = try await fitter.fit(source, limits: limits, policy: policy)
                // Another file could be made of a damaged one, but this one is delivered.
                if image.status == .fitted, let fault = image.warnings.first(where: { $0.contains("not passed on") }) {
                    throw ImageError(.corruptInput, fault)
                }
            } catch let error as ImageError {
                throw error.withoutAdvice(about: .recovery)
            }
        } else {
            try await threads.run { try Self.checkStructure(of: source, header.format) }
        }
        return ImageFacts(
            mediaType: header.format.mediaType,
            size: ImageSize(width: header.uprightWidth, height: header.uprightHeight))
    }

    /// Converts an image to the format that a file name's extension stands for, in its own size.
    /// - Throws: `ImageError`, `CancellationError`.
    public func convert(_ path: FilePath, to fileExtension: String) async throws -> ConvertedImage {
        guard let format = ImageFormat(fileExtension: fileExtension), let output = format.asOutput else {
            throw ImageError(.unsupportedFormat, "this build does not write .\(fileExtension)")
        }
        let source = try await threads.run { try ImageSource(file: path) }
        var policy = FitPolicy(keepsSize: true, format: output)
        policy.metadata = .keep
        let limits = Limits(byteLimit: Self.unlimited, formats: [format])
        let image: FittedImage
        do {
            image = try await fitter.fit(source, limits: limits, policy: policy)
        } catch let error as ImageError where error.settings.contains(.background) {
            throw ImageError(.invalidArgument, "has transparent areas, which \(format) cannot hold; name it .png")
        } catch let error as ImageError {
            throw error.withoutAdvice(about: .recovery)
        }
        return ConvertedImage(
            bytes: try await bytes(of: image, source),
            facts: ImageFacts(
                mediaType: image.format.mediaType, size: ImageSize(width: image.width, height: image.height)))
    }

    /// Checks a format that is not decoded in this process.
    private static func checkStructure(of source: ImageSource, _ format: ImageFormat) throws {
        if format == .pdf { throw ImageError(.notAnImage, "is a PDF document") }
        if format.isDecodedByWorkers, case .missing(let what) = try ContainerEnd(of: source) {
            throw ImageError(.truncatedInput, what)
        }
        guard format == .webp else { return }
        // RFC 9649 §2.4: the size of everything after these eight bytes.
        let start = try source.bytes(at: 0, count: 8)
        guard start.count == 8 else { throw ImageError(.truncatedInput, "ends within its header") }
        let stated = start[4..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard stated + 8 <= source.byteCount else {
            throw ImageError(.truncatedInput, "has \(source.byteCount) of \(stated + 8) bytes")
        }
    }
}
