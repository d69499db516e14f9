// SPDX-License-Identifier: Apache-2.0

extension TargetProfile {
    /// APIs that look at images.
    static let vision: [TargetProfile] = [
        TargetProfile(
            "openai-vision", "OpenAI vision", bytes: 20_000_000, .requestBase64, Geometry(images: 500),
            formats: [.jpeg, .png, .webp, .gif], source: "OpenAI vision guide and reports",
            link: "https://github.com/openai/openai-agents-python/issues/553", .unsure,
            notes: "The older figure, of one image; newer texts say 50 MB a request. GIF: still only."),
        TargetProfile(
            "anthropic-vision", "Anthropic vision", bytes: 5_242_880, .base64, Geometry(maximumSide: 8000, images: 100),
            formats: [.jpeg, .png, .webp, .gif],
            source: "docs.anthropic.com, vision (sides, counts); error texts (bytes)",
            link: "https://docs.anthropic.com",
            .secondHand, notes: "2000 pixels a side when a request has more than 20 images; 200 or more are advised."),
        TargetProfile(
            "anthropic-optimal", "Anthropic vision, without being scaled down", bytes: 5_242_880, .base64,
            Geometry(maximumSide: 1568, maximumPixelCount: 1_150_000), formats: [.jpeg, .png, .webp, .gif],
            source: "docs.anthropic.com, vision", link: "https://docs.anthropic.com", .documented,
            notes: "What the model sees anyway: about 1.15 megapixels. The byte figure is second-hand."),
        TargetProfile(
            "gemini-inline", "Gemini, inline data", bytes: 20_000_000, .requestBase64,
            formats: [.jpeg, .png, .webp, .heif], source: "ai.google.dev, files guide; Firebase AI",
            link: "https://ai.google.dev", .unsure,
            notes: "100 MB since January 2026 by the vendor's announcement; 20 MB is safe under both."),
        TargetProfile(
            "gemini-files", "Gemini, Files API", bytes: 2_000_000_000, .raw, formats: [.jpeg, .png, .webp, .heif],
            source: "ai.google.dev, files guide", link: "https://ai.google.dev", .documented,
            notes: "20 GB a project; files are kept for 48 hours."),
        TargetProfile(
            "vertex-inline", "Vertex AI, inline data", bytes: 7_000_000, .raw, Geometry(images: 3000),
            source: "cloud.google.com, reports", .unsure),
        TargetProfile(
            "bedrock-converse", "Amazon Bedrock Converse", bytes: 3_750_000, .raw,
            Geometry(maximumSide: 8000, images: 20), formats: [.jpeg, .png, .gif, .webp],
            source: "botocore 1.44.5, bedrock-runtime model", link: "https://pypi.org/project/botocore/1.44.5/",
            .documented),
        TargetProfile(
            "rekognition", "Amazon Rekognition, bytes", bytes: 5_242_880, .raw,
            Geometry(maximumSide: 10_000, minimumSide: 80, images: 1), formats: [.jpeg, .png],
            source: "botocore 1.44.5, rekognition model (bytes); reports (sides)",
            link: "https://pypi.org/project/botocore/1.44.5/", .documented,
            notes: "The SDK does the base64 encoding itself."),
        TargetProfile(
            "rekognition-s3", "Amazon Rekognition, from S3", bytes: 15_728_640, .raw,
            Geometry(maximumSide: 10_000, minimumSide: 80, images: 1), formats: [.jpeg, .png],
            source: "reports", .secondHand),
        TargetProfile(
            "azure-vision-4", "Azure Image Analysis 4.0", bytes: 20_000_000, .raw,
            Geometry(maximumSide: 15_999, minimumSide: 51, images: 1),
            formats: [.jpeg, .png, .gif, .bmp, .webp, .tiff],
            source: "azure-ai-vision-imageanalysis 1.0.0 (Python SDK)",
            link: "https://pypi.org/project/azure-ai-vision-imageanalysis/1.0.0/", .documented,
            notes: "The vendor says below 20 MB (20,971,520); the decimal reading is safe."),
        TargetProfile(
            "azure-vision-3", "Azure Computer Vision 3.2", bytes: 4_194_304, .raw,
            Geometry(maximumSide: 10_000, minimumSide: 51, images: 1), formats: [.jpeg, .png, .gif, .bmp],
            source: "reports", .secondHand),
        TargetProfile(
            "google-vision", "Google Cloud Vision, inline", bytes: 10_000_000, .requestBase64,
            Geometry(maximumPixelCount: 75_000_000, images: 16), formats: [.jpeg, .png, .gif, .bmp, .webp, .tiff],
            source: "cloud.google.com/vision/quotas", link: "https://cloud.google.com/vision/quotas", .documented,
            notes: "20,000,000 bytes when the image is fetched from storage; 640×480 or more is advised."),
        TargetProfile(
            "google-vision-storage", "Google Cloud Vision, from storage", bytes: 20_000_000, .raw,
            Geometry(maximumPixelCount: 75_000_000, images: 16), formats: [.jpeg, .png, .gif, .bmp, .webp, .tiff],
            source: "cloud.google.com/vision/quotas", link: "https://cloud.google.com/vision/quotas", .documented,
            notes: "640×480 or more is advised."),
        TargetProfile(
            "xai", "xAI", bytes: 20_000_000, .raw, Geometry(maximumSide: 8000, images: 100), formats: [.jpeg, .png],
            source: "sizes measured by users, December 2025", link: "https://github.com/earendil-works/pi/issues/120",
            .secondHand),
        TargetProfile(
            "groq", "Groq", bytes: 5_000_000, .raw, Geometry(maximumSide: 5760, images: 5), formats: [.jpeg, .png],
            source: "sizes measured by users, December 2025", link: "https://github.com/earendil-works/pi/issues/120",
            .secondHand),
        TargetProfile(
            "mistral", "Mistral", bytes: 10_000_000, .raw, Geometry(maximumSide: 8000, images: 8),
            formats: [.jpeg, .png],
            source: "sizes measured by users, December 2025", link: "https://github.com/earendil-works/pi/issues/120",
            .secondHand),
    ]
}
