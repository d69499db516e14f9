// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline
import SnugSystem

extension Inspection {
    /// Aligned lines for a person.
    func text(target: String?, columns: Int? = nil) -> String {
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
        return "\(PrintableName.of(path))\n" + table.text(columns: columns)
    }

    private static func words(for plan: FitPlan) -> String {
        let size = PixelSize(width: plan.width, height: plan.height)
        let verb =
            switch plan.action {
            case .copy: "copy it as it is"
            case .strip: "remove metadata and trailing data"
            case .encode: "re-encode it as \(plan.format?.description ?? "JPEG or PNG"), at most \(size)"
            }
        let reasons = [plan.reason, plan.uncertainty ?? ""].filter { !$0.isEmpty }.joined(separator: "; ")
        return reasons.isEmpty ? verb : "\(verb) (\(PrintableName.escaped(reasons)))"
    }

    private static func rows(_ header: ImageHeader, _ byteCount: Int) -> [(String, String)] {
        var rows: [(String, String)] = [("format", header.format.description + processWords(header))]
        rows.append(("bytes", byteCount < 1000 ? "\(byteCount)" : "\(byteCount) (\(ByteCount(byteCount)))"))
        let size = PixelSize(width: header.width, height: header.height)
        // Less than a tenth of a megapixel would be none.
        let pixels =
            header.pixelCount < 50_000
            ? "\(header.pixelCount) pixels" : "\(FitRecord.short(Double(header.pixelCount) / 1e6)) megapixels"
        rows.append(("size", "\(size), \(pixels)"))
        if header.orientation != .upright {
            let upright = PixelSize(width: header.uprightWidth, height: header.uprightHeight)
            rows.append(("orientation", "\(header.orientation.rawValue), upright \(upright)"))
        }
        if header.isPartial { return rows }
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
        case .codePoints(let colour): "cICP primaries \(colour.primaries), transfer \(colour.transfer)"
        case .icc(let bytes): "ICC profile \(header.iccProfileName.map { "\"\($0)\", " } ?? "")\(ByteCount(bytes))"
        case .gamma(let gamma, let chromaticities):
            "gamma \(String(describing: gamma))\(chromaticities == nil ? "" : " with primaries")"
        }
    }
}
