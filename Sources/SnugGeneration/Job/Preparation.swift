// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP

/// Makes the images of a request fit, and puts them where the provider can get them.
struct Preparation: Sendable {
    private let context: ClientContext
    private let request: GenerationRequest
    private let deadline: ContinuousClock.Instant?
    private var byteLimit: Int?
    private var maximumSide: Int?
    private var mediaTypes: [String]?
    /// The form of an earlier submission, which images have to match exactly.
    var form: GenerationRecord.Form?
    /// The limits of the last fit.
    private var applied: InputLimits
    /// Encoded bytes of the largest image as it was last made; 0 when there is none of this machine.
    private(set) var largest = 0

    init(_ context: ClientContext, _ request: GenerationRequest, deadline: ContinuousClock.Instant? = nil) {
        self.context = context
        self.request = request
        self.deadline = deadline
        applied = context.traits.inputLimits
    }

    /// Bytes downloaded for a provider that takes no addresses.
    private static let downloadLimit = 256 << 20

    // MARK: Limits

    /// Images are guessed smaller down to this, which every API takes.
    private static let smallestGuess = 250_000

    /// The way in which images become smaller.
    enum Reduction: Sendable, Hashable {
        case bytes(Int)
        /// Only the pixels were too many.
        case pixels

        var byteLimit: Int? { if case .bytes(let limit) = self { limit } else { nil } }
    }

    /// Makes images smaller from now on.
    /// - Parameter byteLimit: The limit that the provider named; without one, 0.7 of the largest image sent.
    /// - Returns: `nil` when nothing can be made smaller.
    mutating func shrink(byteLimit: Int?, maximumSide: Int?) -> Reduction? {
        guard largest > 0 else { return nil }
        if let maximumSide { self.maximumSide = min(self.maximumSide ?? maximumSide, maximumSide) }
        let named = byteLimit.flatMap { $0 < largest ? $0 : nil }
        if named == nil, maximumSide != nil { return .pixels }
        let guess = largest * 7 / 10
        let limit = named ?? (largest > Self.smallestGuess ? max(guess, Self.smallestGuess) : guess)
        guard limit > 0 else { return nil }
        self.byteLimit = limit
        return .bytes(limit)
    }

    /// The form that what was prepared has.
    func form(usesBody: Bool) -> GenerationRecord.Form {
        GenerationRecord.Form(
            usesBody: usesBody, byteLimit: applied.byteLimit, maximumSide: applied.maximumSide,
            mediaTypes: applied.mediaTypes)
    }

    /// Encodes images as JPEG, or PNG where there is alpha, from now on.
    /// - Returns: False when they were that already.
    mutating func reencode() -> Bool {
        guard largest > 0, mediaTypes == nil else { return false }
        mediaTypes = ["image/jpeg", "image/png"]
        return true
    }

    private func limits(_ base: InputLimits, model: String?) async -> InputLimits {
        var limits = base
        if let form {
            (limits.byteLimit, limits.maximumSide, limits.mediaTypes) = (
                form.byteLimit, form.maximumSide, form.mediaTypes
            )
            return limits
        }
        if let mediaTypes { limits.mediaTypes = limits.mediaTypes.filter(mediaTypes.contains) }
        limits.byteLimit = limits.byteLimit(sharedBy: request.images.count, prompt: request.prompt)
        let observed = await context.observedLimits(limits, model: model)
        return observed.narrowed(byteLimit: byteLimit, maximumSide: maximumSide)
    }

    // MARK: Images

    /// Fits and delivers all images.
    /// - Parameters:
    ///   - hosted: Addresses from an earlier submission that has to be repeated word for word.
    ///   - isDryRun: Nothing leaves this machine: addresses are made up.
    mutating func prepare(
        _ job: inout PreparedJob, hosted: [String] = [], isDryRun: Bool = false,
        _ emit: (GenerationEvent) -> Void
    ) async throws {
        largest = 0
        job.images = []
        let limits = await limits(context.traits.inputLimits, model: job.model)
        applied = limits
        for (index, image) in request.images.enumerated() {
            if case .url(let address) = image, context.traits.takesAddresses {
                job.images.append(.url(address))
                continue
            }
            let fitted = try await fit(image, limits, name: "images[\(index)]", emit)
            largest = max(largest, fitted.bytes.count)
            guard context.traits.delivery == .url else {
                job.images.append(.inline(fitted))
                continue
            }
            let address: String
            if isDryRun {
                address = "https://hosted-before-sending.invalid/\(index + 1)"
            } else if hosted.count == request.images.count {
                address = hosted[index]
            } else {
                address = try await host(fitted, emit)
            }
            job.images.append(.url(address))
        }
        try await prepareMask(&job, limits, emit)
    }

    /// Fits the mask, to the very size of the first image: a provider that gets two sizes edits the wrong place.
    private mutating func prepareMask(
        _ job: inout PreparedJob, _ limits: InputLimits, _ emit: (GenerationEvent) -> Void
    ) async throws {
        guard let mask = request.mask, var maskLimits = context.traits.maskLimits else { return }
        var fitted = try await fit(mask, maskLimits, name: "mask", emit)
        if case .inline(var image)? = job.images.first, let first = request.images.first, let size = image.size,
            let given = fitted.size, given != size
        {
            // Nothing is enlarged, so the smaller of the two decides.
            let side = min(max(size.width, size.height), max(given.width, given.height))
            maskLimits.maximumSide = side
            fitted = try await fit(mask, maskLimits, name: "mask", emit)
            if fitted.size != size {
                // Both are scaled by one rule then.
                var imageLimits = limits
                imageLimits.maximumSide = side
                image = try await fit(first, imageLimits, name: "images[0]", emit)
                job.images[0] = .inline(image)
                largest = max(largest, image.bytes.count)
            }
            guard let maskSize = fitted.size, maskSize == image.size else {
                throw GenerationError.invalid(
                    "mask",
                    "has another shape than the image (\(fitted.size.map(\.description) ?? "") and \(size)); "
                        + "make it as large as the image")
            }
        }
        job.mask = .inline(fitted)
    }

    private func fit(
        _ image: ImageInput, _ limits: InputLimits, name: String, _ emit: (GenerationEvent) -> Void
    ) async throws -> FittedInput {
        guard let refitter = context.refitter else {
            throw GenerationError(
                .imageFailed, "\(name) cannot be made to fit: this client was made without a refitter")
        }
        let local = try await local(image, name)
        do {
            let fitted = try await refitter(local, limits)
            emit(.fitted(name: fitted.name, byteCount: fitted.bytes.count))
            return fitted
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            let reason = (error as? GenerationError)?.message ?? "\(error)"
            throw GenerationError(.imageFailed, "\(name) cannot be made to fit: \(reason)", cause: error)
        }
    }

    private func host(_ image: FittedInput, _ emit: (GenerationEvent) -> Void) async throws -> String {
        guard let host = context.host else {
            throw GenerationError(
                .hostNeeded,
                "\(context.traits.name) takes images by address only, and there is nowhere to put \(image.name): "
                    + "give an address, or a host for images")
        }
        do {
            let address = try await Deadline.run(until: deadline, doing: "\(image.name) was being hosted") {
                try await host.host(image)
            }
            emit(.hosted(name: image.name))
            return address
        } catch let error as GenerationError {
            throw error
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw GenerationError(.imageFailed, "\(image.name) cannot be hosted: \(error)", cause: error)
        }
    }

    /// Fetches what is given by address, for a provider that takes files only.
    private func local(_ image: ImageInput, _ name: String) async throws -> ImageInput {
        guard case .url(let address) = image else { return image }
        do throws(any Error) {
            var request = ClientRequest(.get, try HTTPURL(address), headerFields: [.accept: "image/*"])
            request.redirects = .follow(maximum: 5)
            request.clocks = ClientRequest.Clocks(deadline: deadline, attemptTimeout: .seconds(120))
            let isOwn = request.url.origin == context.provider.baseURL.origin
            request.addressPolicy =
                context.options.allowsInternalAddresses ? .any : isOwn ? .originOnly : .publicOnly
            let response = try await context.http.perform(request, into: .collect(maximum: Self.downloadLimit))
            guard response.isSuccess else {
                throw GenerationError(
                    .imageFailed,
                    "\(name): \(request.url) responded with status \(response.status.code); check the address",
                    status: response.status.code)
            }
            let last = request.url.path.split(separator: "/").last.map(String.init) ?? "image"
            return .bytes(response.body, name: last)
        } catch let error as HTTPError {
            throw GenerationError(.imageFailed, "\(name) cannot be fetched: \(error.message)", cause: error)
        }
    }
}
