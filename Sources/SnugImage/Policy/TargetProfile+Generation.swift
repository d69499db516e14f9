// SPDX-License-Identifier: Apache-2.0

extension TargetProfile {
    /// APIs that make or edit images.
    static let generation: [TargetProfile] = [
        TargetProfile(
            "blossom", "Blossom AI SDK", bytes: 10_000_000, .raw,
            Geometry(maximumSide: 2048, minimumSide: 64, images: 100), formats: [.jpeg, .png, .webp, .gif, .bmp],
            source: "eclips-blossom-ai 0.8.0 (Python SDK)", link: "https://pypi.org/project/eclips-blossom-ai/0.8.0/",
            .documented,
            notes: "The SDK itself allows 10,485,760 bytes; the decimal reading is safe under both."),
        TargetProfile(
            "elumenta", "Elumenta", bytes: nil, .raw, Geometry(images: 1),
            source: "docs.elumenta.ru, image generation", link: "https://docs.elumenta.ru", .unsure,
            notes: "Takes images by URL only and states no limit; the default of 10 MB is used."),
        TargetProfile(
            "pollinations-media", "Pollinations media host", bytes: 104_857_600, .raw, Geometry(images: 1),
            formats: Set(ImageFormat.allCases), source: "media.pollinations.ai (server source)",
            link: "https://github.com/pollinations/pollinations", .documented),
        TargetProfile(
            "pollinations-edit", "Pollinations image editing", bytes: nil, .request, Geometry(),
            source: "gen.pollinations.ai, image schemas", link: "https://github.com/pollinations/pollinations", .unsure,
            notes: "The limit depends on the model (status 413 tells); the default of 10 MB is used."),
        TargetProfile(
            "openai-edit", "OpenAI image edits", bytes: 50_000_000, .raw, Geometry(images: 16),
            source: "OpenAI Python SDK 3.52.0, image edit parameters", link: "https://pypi.org/project/openai/3.52.0/",
            .documented),
        TargetProfile(
            "openai-edit-mask", "OpenAI image edits, mask", bytes: 4_000_000, .raw, Geometry(images: 1),
            formats: [.png],
            source: "OpenAI Python SDK 3.52.0, image edit parameters", link: "https://pypi.org/project/openai/3.52.0/",
            .documented,
            notes: "A PNG with alpha, of the same size in pixels as the image."),
        TargetProfile(
            "stability", "Stability AI", bytes: 10_485_760, .request,
            Geometry(maximumSide: 16_383, minimumSide: 64, maximumPixelCount: 9_437_184, images: 1),
            source: "platform.stability.ai API reference (pixels); reports (bytes)",
            link: "https://platform.stability.ai", .unsure,
            notes: "At least 4,096 pixels; sides from 1:2.5 to 2.5:1."),
        TargetProfile(
            "bfl-flux", "Black Forest Labs FLUX", bytes: 20_000_000, .base64,
            Geometry(minimumSide: 64, maximumPixelCount: 20_000_000, images: 8), source: "docs.bfl.ml",
            link: "https://docs.bfl.ml", .secondHand,
            notes: "FLUX.2 works at up to 4 megapixels in multiples of 16; klein takes 4 images."),
        TargetProfile(
            "fal", "fal.ai", bytes: nil, .raw, source: "fal_client (Python SDK)",
            link: "https://pypi.org/project/fal-client/", .unsure,
            notes: "By URL or data URI, limits by model; the SDK uploads in parts above 104,857,600 bytes."),
        TargetProfile(
            "replicate", "Replicate file upload", bytes: 100_000_000, .raw, source: "replicate.com/docs",
            link: "https://replicate.com/docs", .secondHand,
            notes: "As a data URI, keep below 1,000,000 bytes."),
        TargetProfile(
            "luma", "Luma", bytes: nil, .raw, source: "lumaai (Python SDK)", link: "https://pypi.org/project/lumaai/",
            .unsure,
            notes: "By URL only, no limit stated; the default of 10 MB is used."),
        TargetProfile(
            "runway-url", "Runway, by URL", bytes: 16_000_000, .raw, Geometry(images: 1),
            source: "docs.dev.runwayml.com", link: "https://docs.dev.runwayml.com", .documented,
            notes: "HTTPS without redirects; the host has to answer HEAD with type and length."),
        TargetProfile(
            "runway-data", "Runway, by data URI", bytes: 5_000_000, .base64, Geometry(images: 1),
            source: "docs.dev.runwayml.com", link: "https://docs.dev.runwayml.com", .unsure,
            notes: "The figure is of the URI; ratios by model."),
        TargetProfile(
            "runway-upload", "Runway, by upload", bytes: 200_000_000, .raw, Geometry(images: 1),
            source: "docs.dev.runwayml.com", link: "https://docs.dev.runwayml.com", .documented,
            notes: "An upload is valid for 24 hours."),
        TargetProfile(
            "ideogram", "Ideogram", bytes: 10_000_000, .raw, source: "developer.ideogram.ai",
            link: "https://developer.ideogram.ai", .documented,
            notes: "Reference images: 10 MB together."),
    ]
}
