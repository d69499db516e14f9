// SPDX-License-Identifier: Apache-2.0
public import SnugImage
import SnugSystem
public import SystemPackage

/// The header of one file, and the plan of a fit.
public struct Inspection: Sendable {
    /// Facts from a header that can be read.
    public struct Facts: Sendable {
        /// The header.
        public var header: ImageHeader
        /// Bytes of the file.
        public var byteCount: Int
        /// The limits that it was compared with.
        public var limits: Limits
        /// The plan, or the reason why there is none.
        public var plan: Result<FitPlan, ImageError>
    }
    /// The file.
    public let path: FilePath
    /// The facts, or the reason why there are none.
    public var facts: Result<Facts, ImageError>

    /// Reads the header of a file and plans its fit without decoding it, off the cooperative pool.
    /// - Parameters:
    ///   - path: The file.
    ///   - limits: The limits of the plan.
    ///   - policy: The treatment of the plan, with the guards on inputs.
    ///   - standardInput: The stream that a file named `-` is read from; `nil` takes `-` for a file's name.
    /// - Throws: `CancellationError`. A file that cannot be read is a failure in ``facts``.
    public static func read(
        _ path: FilePath, limits: Limits = Limits(), policy: FitPolicy = FitPolicy(),
        standardInput: FileDescriptor? = nil
    ) async throws -> Inspection {
        try await BlockingThreads(count: 1).run {
            Inspection(path, limits: limits, policy: policy) {
                guard let standardInput, path.isDash else { return try ImageSource(file: path) }
                return ImageSource(bytes: try StreamInput.readAll(from: standardInput, maximumBytes: 512 << 20))
            }
        }
    }

    /// Reads the header of an image that has no file, off the cooperative pool.
    /// - Throws: `CancellationError`. An image that cannot be read is a failure in ``facts``.
    package static func read(
        _ source: ImageSource, named name: String, limits: Limits, policy: FitPolicy
    ) async throws -> Inspection {
        try await BlockingThreads(count: 1).run {
            Inspection(FilePath(name), limits: limits, policy: policy) { source }
        }
    }

    private init(_ path: FilePath, limits: Limits, policy: FitPolicy, open: () throws -> ImageSource) {
        self.path = path
        do {
            let source = try open()
            let header = try ImageProbe.header(
                of: source, limits: policy.decodingLimits, page: policy.page ?? 1)
            let plan: Result<FitPlan, ImageError>
            do {
                plan = .success(try FitPlan.make(source: source, header: header, limits: limits, policy: policy))
            } catch let error as ImageError {
                plan = .failure(error)
            }
            facts = .success(
                Facts(
                    header: header, byteCount: source.byteCount,
                    limits: limits.resolved(inputBytes: source.byteCount), plan: plan))
        } catch let error as ImageError {
            facts = .failure(error)
        } catch {
            facts = .failure(ImageError(.ioFailed, "failed unexpectedly: \(error)"))
        }
    }

    /// The reason why the file cannot be read.
    public var error: ImageError? {
        if case .failure(let error) = facts { error } else { nil }
    }
}

extension Inspection.Facts {
    /// The limits that the file exceeds, for a person; empty when it complies.
    public var violations: [String] {
        var violations: [String] = []
        if byteCount > limits.fileByteLimit {
            violations.append("\(ByteCount(byteCount)) is more than \(ByteCount(limits.fileByteLimit))")
        }
        let (long, short) = (max(header.width, header.height), min(header.width, header.height))
        if let most = limits.maximumSide, long > most {
            violations.append("\(long) pixels a side are more than \(most)")
        }
        if let least = limits.minimumSide, short < least {
            violations.append("\(short) pixels a side are fewer than \(least)")
        }
        for (name, value, most) in [
            ("columns", header.uprightWidth, limits.maximumWidth), ("rows", header.uprightHeight, limits.maximumHeight),
            ("pixels on the shorter side", short, limits.maximumShortSide),
        ] {
            if let most, value > most { violations.append("\(value) \(name) are more than \(most)") }
        }
        if let least = limits.minimumBytes, byteCount < least {
            violations.append("\(byteCount) bytes are fewer than \(least)")
        }
        if let most = limits.maximumPixelCount, header.pixelCount > most {
            violations.append("\(header.pixelCount) pixels are more than \(most)")
        }
        if !limits.formats.contains(header.format) { violations.append("\(header.format) is not accepted") }
        return violations
    }
}

extension MetadataSizes {
    /// Kinds by their JSON names.
    package var kinds: [(name: String, bytes: Int)] {
        [("exif", exif), ("xmp", xmp), ("icc", icc), ("iptc", iptc), ("comments", comments), ("other", other)]
    }
}
