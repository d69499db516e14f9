// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugSystem

extension Inspection {
    /// The inspection as one line of JSON: every key is always there.
    public func jsonLine(target: String? = nil) -> String { json(target: target).description }

    /// The inspection as JSON.
    package func json(target: String?) -> JSONValue {
        var value: JSONValue = ["input": .text(FitRecord.text(of: path))]
        switch facts {
        case .success(let facts):
            value.append(contentsOf: Self.json(facts.header, facts.byteCount))
            let violations = facts.violations
            value.append(contentsOf: [
                "target": .optional(target), "limit_bytes": .integer(facts.limits.fileByteLimit),
                "complies": .flag(violations.isEmpty),
                "violations": .array(violations.map { .text($0) }), "plan": Self.json(facts.plan),
                "error": .null,
            ])
        case .failure(let error): value.append("error", error.json)
        }
        if let hex = FitRecord.hex(of: path) { value.append("input_hex", .text(hex)) }
        return value
    }

    private static func json(_ plan: Result<FitPlan, ImageError>) -> JSONValue {
        switch plan {
        case .failure(let error): ["action": .text("fail"), "error": error.json]
        case .success(let plan):
            [
                "action": .text(plan.action.rawValue), "format": .optional(plan.format?.rawValue),
                "width": .integer(plan.width), "height": .integer(plan.height),
                "reason": .text(plan.reason), "uncertainty": .optional(plan.uncertainty),
            ]
        }
    }

    private static func json(_ header: ImageHeader, _ byteCount: Int) -> JSONValue {
        // Fields that were not read are null, never a placeholder.
        func read(_ value: JSONValue) -> JSONValue { header.isPartial ? .null : value }
        func size(_ value: Int) -> JSONValue { value > 0 ? .integer(value) : .null }
        return [
            "format": .text(header.format.rawValue), "bytes": .integer(byteCount),
            "width": size(header.width), "height": size(header.height),
            "upright_width": read(size(header.uprightWidth)),
            "upright_height": read(size(header.uprightHeight)),
            "orientation": read(.integer(header.orientation.rawValue)),
            "bits_per_sample": read(.integer(header.bitsPerSample)),
            "colour_model": read(.text(header.colourModel.rawValue)), "alpha": read(.flag(header.hasAlpha)),
            "chroma_subsampling": .optional(header.chromaSubsampling?.rawValue),
            "jpeg_process": .optional(header.jpegProcess?.rawValue),
            "interlaced": read(.flag(header.isInterlaced)), "animated": .flag(header.isAnimated),
            "frames": .optional(header.frameCount),
            "estimated_quality": .optional(header.estimatedQuality),
            "colour_space": read(colourSpaceJSON(header.colourSpace)),
            "icc_profile_name": .optional(header.iccProfileName),
            "metadata_bytes": read(.members(header.metadata.kinds.map { ($0.name, .integer($0.bytes)) })),
            "trailer": trailerJSON(header.trailer),
            "warnings": .array(header.warnings.map { .text($0) }),
        ]
    }

    private static func colourSpaceJSON(_ space: ColourSpaceDeclaration) -> JSONValue {
        switch space {
        case .undeclared: .text("undeclared")
        case .sRGB: .text("srgb")
        case .icc: .text("icc")
        case .codePoints: .text("cicp")
        case .gamma: .text("gamma")
        }
    }

    private static func trailerJSON(_ trailer: AnnouncedTrailer) -> JSONValue {
        switch trailer {
        case .none: .null
        case .multiImage(let count):
            ["kind": .text("multi_picture"), "pictures": .integer(count)]
        case .motionPhoto(let bytes):
            ["kind": .text("motion_photo"), "bytes": .integer(bytes)]
        }
    }
}
