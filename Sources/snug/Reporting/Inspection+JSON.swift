// SPDX-License-Identifier: Apache-2.0
import SnugImage

extension Inspection {
    /// The object that `--json` prints: every key is always there.
    func json(target: String?) -> JSONText {
        var members: [JSONText.Member] = [.init("input", .string(FitRecord.text(of: path)))]
        switch facts {
        case .success(let facts):
            members += Self.members(facts.header, facts.byteCount)
            let violations = facts.violations
            members += [
                .init("target", .optional(target)), .init("limit_bytes", .integer(facts.limits.fileByteLimit)),
                .init("complies", .boolean(violations.isEmpty)),
                .init("violations", .array(violations.map { .string($0) })), .init("plan", Self.json(facts.plan)),
                .init("error", .null),
            ]
        case .failure(let error): members.append(.init("error", .error(error)))
        }
        if let hex = FitRecord.hex(of: path) { members.append(.init("input_hex", .string(hex))) }
        return .object(members)
    }

    private static func json(_ plan: Result<FitPlan, ImageError>) -> JSONText {
        switch plan {
        case .failure(let error): .object([.init("action", .string("fail")), .init("error", .error(error))])
        case .success(let plan):
            .object([
                .init("action", .string(plan.action.rawValue)), .init("format", .optional(plan.format?.rawValue)),
                .init("width", .integer(plan.width)), .init("height", .integer(plan.height)),
                .init("reason", .string(plan.reason)),
            ])
        }
    }

    private static func members(_ header: ImageHeader, _ byteCount: Int) -> [JSONText.Member] {
        [
            .init("format", .string(header.format.rawValue)), .init("bytes", .integer(byteCount)),
            .init("width", .integer(header.width)), .init("height", .integer(header.height)),
            .init("upright_width", .integer(header.uprightWidth)),
            .init("upright_height", .integer(header.uprightHeight)),
            .init("orientation", .integer(header.orientation.rawValue)),
            .init("bits_per_sample", .integer(header.bitsPerSample)),
            .init("colour_model", .string(header.colourModel.rawValue)), .init("alpha", .boolean(header.hasAlpha)),
            .init("chroma_subsampling", .optional(header.chromaSubsampling?.rawValue)),
            .init("jpeg_process", .optional(header.jpegProcess?.rawValue)),
            .init("interlaced", .boolean(header.isInterlaced)), .init("animated", .boolean(header.isAnimated)),
            .init("frames", .optional(header.frameCount)),
            .init("estimated_quality", .optional(header.estimatedQuality)),
            .init("colour_space", colourSpaceJSON(header.colourSpace)),
            .init("icc_profile_name", .optional(header.iccProfileName)),
            .init("metadata_bytes", .object(header.metadata.kinds.map { .init($0.name, .integer($0.bytes)) })),
            .init("trailer", trailerJSON(header.trailer)),
            .init("warnings", .array(header.warnings.map { .string($0) })),
        ]
    }

    private static func colourSpaceJSON(_ space: ColourSpaceDeclaration) -> JSONText {
        switch space {
        case .undeclared: .string("undeclared")
        case .sRGB: .string("srgb")
        case .icc: .string("icc")
        case .gamma: .string("gamma")
        }
    }

    private static func trailerJSON(_ trailer: AnnouncedTrailer) -> JSONText {
        switch trailer {
        case .none: .null
        case .multiImage(let count):
            .object([.init("kind", .string("multi_picture")), .init("pictures", .integer(count))])
        case .motionPhoto(let bytes):
            .object([.init("kind", .string("motion_photo")), .init("bytes", .integer(bytes))])
        }
    }
}
