// SPDX-License-Identifier: Apache-2.0

/// Makes what a generation results in.
struct ResultMaker: Sendable {
    let world: World

    /// The result's bytes, right or wrong as the plan says.
    func bytes(_ plan: JobPlan, width: Int, height: Int, seed: Int, format: FlatImage.Format) -> [UInt8] {
        // 16,383 is the widest that WebP can say.
        let image = FlatImage(
            width: min(max(1, width), 16_383), height: min(max(1, height), 16_383), seed: seed,
            padding: max(0, plan.padding))
        switch plan.image {
        case .asAsked: return image.bytes(format)
        case .wrongFormat: return image.bytes(format == .png ? .jpeg : .png)
        case .truncated:
            let whole = image.bytes(format)
            return Array(whole.prefix(whole.count / 2))
        case .html: return Reply.gateway(502).bytes
        case .json: return Array(#"{"error":"upstream gave no image"}"#.utf8)
        case .empty: return []
        }
    }

    /// Stores a result for the download host.
    func store(_ bytes: [UInt8], plan: JobPlan, format: FlatImage.Format) -> String {
        world.files.add(
            FileStore.File(
                bytes: bytes, contentType: contentType(plan, format), fileExtension: format.fileExtension,
                acceptsRanges: plan.acceptsRanges))
    }

    func contentType(_ plan: JobPlan, _ format: FlatImage.Format) -> String {
        switch plan.image {
        case .html: "text/html"
        case .json: "application/json"
        default: format.contentType
        }
    }

    /// A URL of a stored result, good from now for as long as the plan says.
    func url(_ name: String, plan: JobPlan, lifetime: Int? = nil) -> String {
        let expiry = (plan.urlLifetime ?? lifetime).map { world.clock.seconds + $0 }
        return world.base(.downloads) + world.files.path(name, expiry: expiry, redirects: plan.redirects)
    }
}
