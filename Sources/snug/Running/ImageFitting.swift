// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugImage
import SystemPackage

/// What the generation client is handed, so that it knows no codecs: fits input images, checks those that came.
struct ImageFitting: Sendable {
    private let fitter: ImageFitter
    private let threads: BlockingThreads
    private let profile: Limits
    private let maskProfile: Limits?

    init(for provider: Provider, jobs: Int) throws {
        let count = max(1, min(jobs, Terminal.coreCount))
        fitter = ImageFitter(configuration: ImageFitter.Configuration(threads: count))
        threads = try BlockingThreads(count: count + 1)
        profile = TargetProfile.named(provider.profile)?.limits ?? Limits()
        maskProfile = provider.maskProfile.flatMap { TargetProfile.named($0)?.limits }
    }

    // MARK: Input

    /// Makes an image fit what its profile and the provider, as far as it has told, take.
    func fit(_ input: ImageInput, _ narrowed: InputLimits) async throws -> FittedInput {
        let (source, name) = try await open(input)
        // Nothing else is a PNG whatever it was.
        let isMask = narrowed.mediaTypes == [ImageFormat.png.mediaType] && maskProfile != nil
        var policy = FitPolicy()
        var limits = Self.limits(isMask ? maskProfile ?? profile : profile, narrowed)
        do {
            if isMask {
                let header = try await fitter.header(of: source)
                guard header.hasAlpha else {
                    throw ImageError(
                        .invalidArgument,
                        "has no transparency; make transparent what may be changed, and save it as PNG")
                }
                policy.format = .png
                policy.keepsSize = true
                limits.maximumSide = nil
            }
            let image = try await fitter.fit(source, limits: limits, policy: policy)
            return FittedInput(
                bytes: try await bytes(of: image, source), mediaType: image.format.mediaType,
                name: "\(ImageNaming.slug(name)).\(image.format.fileExtension)")
        } catch let error as ImageError {
            throw ImageError(error.code, "\(PrintableName.escaped(name)): \(error.message)")
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

    private func open(_ input: ImageInput) async throws -> (ImageSource, name: String) {
        switch input {
        case .file(let path):
            do {
                let source = try await threads.run { _ in try ImageSource(file: path) }
                return (source, path.lastComponent?.stem ?? "image")
            } catch let error as ImageError {
                throw ImageError(error.code, "\(PrintableName.of(WorkingFolder.shown(path))): \(error.message)")
            }
        case .bytes(let bytes, let name): return (ImageSource(bytes: bytes), FilePath(name).stem ?? "image")
        case .url: throw ImageError(.invalidArgument, "an address cannot be fitted; fetch it first")
        }
    }

    private func bytes(of image: FittedImage, _ source: ImageSource) async throws -> [UInt8] {
        switch image.content {
        case .bytes(let bytes): return bytes
        case .source:
            return try await threads.run { _ in
                let bytes = try source.bytes(at: 0, count: source.byteCount)
                try source.checkUnchanged()
                return bytes
            }
        }
    }

    // MARK: Results

    /// Looks whether a file is a whole image: decoded to its end where we can, else by its structure.
    func check(_ path: FilePath) async throws -> ImageFacts {
        let source = try await threads.run { _ in try ImageSource(file: path) }
        let header = try await fitter.header(of: source)
        if header.format.isDecodable {
            // Nothing is asked of it but that it can be passed on.
            var policy = FitPolicy()
            policy.metadata = .keep
            policy.format = .keep
            _ = try await fitter.fit(source, limits: Limits(byteLimit: max(1, source.byteCount)), policy: policy)
        } else {
            try await threads.run { _ in try Self.checkStructure(of: source, header.format) }
        }
        return ImageFacts(
            mediaType: header.format.mediaType,
            size: ImageSize(width: header.uprightWidth, height: header.uprightHeight))
    }

    /// What can be known of a format that is not decoded here.
    private static func checkStructure(of source: ImageSource, _ format: ImageFormat) throws {
        if format == .pdf { throw ImageError(.notAnImage, "is a PDF document") }
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
