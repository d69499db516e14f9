// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SystemPackage

/// What one file is, and what a fit would make of it.
struct Inspection: Sendable {
    /// What the header says.
    struct Facts: Sendable {
        var header: ImageHeader
        var byteCount: Int
        var limits: Limits
        /// What would be done, or why nothing can be.
        var plan: Result<FitPlan, ImageError>
    }
    let path: FilePath
    let facts: Result<Facts, ImageError>

    /// Reads a file's header; waits for the disk.
    init(of path: FilePath, limits: Limits, policy: FitPolicy) {
        self.path = path
        do {
            let source =
                path.bytes == [0x2D]
                ? ImageSource(bytes: try StandardInput.readAll(maximumBytes: 512 << 20, isCancelled: { false }))
                : try ImageSource(file: path)
            let header = try ImageProbe.header(of: source, limits: policy.decodingLimits)
            let plan: Result<FitPlan, ImageError>
            do throws(ImageError) {
                plan = .success(
                    try FitPlan.make(header: header, byteCount: source.byteCount, limits: limits, policy: policy))
            } catch {
                plan = .failure(error.namingOptions)
            }
            facts = .success(Facts(header: header, byteCount: source.byteCount, limits: limits, plan: plan))
        } catch let error as ImageError {
            facts = .failure(error.namingOptions)
        } catch {
            facts = .failure(ImageError(.ioFailed, "failed for an unexpected reason: \(error)"))
        }
    }

    /// Why the file cannot be read.
    var error: ImageError? {
        if case .failure(let error) = facts { error } else { nil }
    }
}

extension Inspection.Facts {
    /// In how far the file breaks the limits; empty when it complies.
    var violations: [String] {
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
        if let most = limits.maximumPixelCount, header.pixelCount > most {
            violations.append("\(header.pixelCount) pixels are more than \(most)")
        }
        if !limits.formats.contains(header.format) { violations.append("\(header.format) is not taken") }
        return violations
    }
}

extension Inspection {
    /// Aligned lines for a person.
    func text(target: String?) -> String {
        guard case .success(let facts) = facts else { return "" }
        var table = TextTable(alignments: [.left, .left, .left])
        for (name, value) in Self.rows(facts.header, facts.byteCount) {
            table.append(["", name, PrintableName.escaped(value)])
        }
        let violations = facts.violations
        let name = target ?? "\(ByteCount(facts.limits.fileByteLimit))"
        table.append(["", "complies", violations.isEmpty ? "yes, with \(name)" : "no, with \(name): \(violations[0])"])
        for violation in violations.dropFirst() { table.append(["", "", violation]) }
        switch facts.plan {
        case .success(let plan): table.append(["", "fit would", Self.words(for: plan)])
        case .failure(let error): table.append(["", "fit would", "fail: \(error.message)"])
        }
        for warning in facts.header.warnings { table.append(["", "warning", PrintableName.escaped(warning)]) }
        return "\(PrintableName.of(path))\n" + table.text()
    }

    private static func words(for plan: FitPlan) -> String {
        let size = PixelSize(width: plan.width, height: plan.height)
        let verb =
            switch plan.action {
            case .copy: "copy it as it is"
            case .strip: "take away what is not image, and encode it anew if that is not enough"
            case .encode: "encode it anew as \(plan.format?.description ?? "JPEG or PNG"), at most \(size)"
            }
        return plan.reason.isEmpty ? verb : "\(verb) (\(PrintableName.escaped(plan.reason)))"
    }

    private static func rows(_ header: ImageHeader, _ byteCount: Int) -> [(String, String)] {
        var rows: [(String, String)] = [("format", header.format.description + processWords(header))]
        rows.append(("bytes", byteCount < 1000 ? "\(byteCount)" : "\(byteCount) (\(ByteCount(byteCount)))"))
        let size = PixelSize(width: header.width, height: header.height)
        let megapixels = FitRecord.short(Double(header.pixelCount) / 1e6)
        rows.append(("size", "\(size), \(megapixels) megapixels"))
        if header.orientation != .upright {
            let upright = PixelSize(width: header.uprightWidth, height: header.uprightHeight)
            rows.append(("orientation", "\(header.orientation.rawValue), upright \(upright)"))
        }
        let alpha = header.hasTransparency ? ", transparency" : ""
        rows.append(("colour", "\(header.colourModel.rawValue), \(header.bitsPerSample) bits a sample\(alpha)"))
        if let chroma = header.chromaSubsampling { rows.append(("chroma", chroma.rawValue)) }
        rows.append(("colour space", colourSpace(header)))
        if let quality = header.estimatedQuality { rows.append(("quality", "about \(quality)")) }
        let metadata = header.metadata.kinds.filter { $0.bytes > 0 }
        if !metadata.isEmpty {
            let kinds = metadata.map { "\($0.name) \(ByteCount($0.bytes))" }.joined(separator: ", ")
            rows.append(("metadata", kinds))
        }
        if header.isAnimated { rows.append(("frames", header.frameCount.map(String.init) ?? "several")) }
        switch header.trailer {
        case .none: break
        case .multiImage(let count): rows.append(("follows", "\(count) images in all"))
        case .motionPhoto(let bytes): rows.append(("follows", "a video of \(ByteCount(bytes))"))
        }
        return rows
    }

    private static func processWords(_ header: ImageHeader) -> String {
        if let process = header.jpegProcess { return ", \(process.rawValue)" }
        return header.isInterlaced ? ", interlaced" : ""
    }

    private static func colourSpace(_ header: ImageHeader) -> String {
        switch header.colourSpace {
        case .undeclared: "not declared (sRGB by custom)"
        case .sRGB: "sRGB"
        case .icc(let bytes): "ICC profile \(header.iccProfileName.map { "\"\($0)\", " } ?? "")\(ByteCount(bytes))"
        case .gamma(let gamma, let chromaticities):
            "gamma \(String(describing: gamma))\(chromaticities == nil ? "" : " with primaries")"
        }
    }
}

extension MetadataSizes {
    /// Kinds by their JSON names.
    var kinds: [(name: String, bytes: Int)] {
        [("exif", exif), ("xmp", xmp), ("icc", icc), ("iptc", iptc), ("comments", comments), ("other", other)]
    }
}
