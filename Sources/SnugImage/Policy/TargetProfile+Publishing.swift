// SPDX-License-Identifier: Apache-2.0

extension TargetProfile {
    /// Places where images are posted.
    static let publishing: [TargetProfile] = [
        TargetProfile(
            "discord", "Discord", bytes: 10_485_760, .request, Geometry(images: 10), formats: Set(ImageFormat.allCases),
            source: "discord.py (Python SDK)", link: "https://pypi.org/project/discord.py/", .documented,
            notes: "All files of a message together; boosted servers allow 52,428,800 or 104,857,600."),
        TargetProfile(
            "discord-boosted", "Discord, boosted server", bytes: 52_428_800, .request, Geometry(images: 10),
            formats: Set(ImageFormat.allCases), source: "discord.py (Python SDK)",
            link: "https://pypi.org/project/discord.py/", .documented,
            notes: "All files of a message together; some boosted servers allow 104,857,600."),
        TargetProfile(
            "slack", "Slack", bytes: 1_000_000_000, .raw, Geometry(images: 1), formats: Set(ImageFormat.allCases),
            source: "slack_sdk (Python SDK) and reports", link: "https://pypi.org/project/slack-sdk/", .unsure),
        TargetProfile(
            "x", "X (Twitter)", bytes: 5_000_000, .raw, Geometry(images: 4), formats: [.jpeg, .png, .webp, .gif],
            source: "docs.x.com, media upload", link: "https://docs.x.com", .secondHand,
            notes: "A GIF may have 15,000,000 bytes."),
        TargetProfile(
            "mastodon", "Mastodon", bytes: 16_777_216, .raw, Geometry(maximumPixelCount: 33_177_600, images: 4),
            formats: [.jpeg, .png, .gif, .webp, .heif, .avif], source: "Mastodon server defaults", .secondHand,
            notes: "Older servers allow 10 or 8 MB; /api/v2/instance tells."),
        TargetProfile(
            "bluesky", "Bluesky post", bytes: 1_000_000, .raw, Geometry(images: 4),
            source: "atproto 0.0.73 (Python SDK)", link: "https://pypi.org/project/atproto/0.0.73/", .documented,
            notes: "2,000,000 in the current schema; older servers still refuse more than 1,000,000."),
        TargetProfile(
            "bluesky-avatar", "Bluesky avatar or banner", bytes: 1_000_000, .raw, Geometry(images: 1),
            formats: [.jpeg, .png], source: "reports", .secondHand),
        TargetProfile(
            "telegram-photo", "Telegram photo", bytes: 10_000_000, .raw, Geometry(maximumSide: 5000, images: 10),
            formats: [.jpeg, .png], source: "python-telegram-bot (bytes); reports (sides)",
            link: "https://pypi.org/project/python-telegram-bot/", .documented,
            notes: "Width and height together at most 10,000, which 5000 a side always keeps; ratio at most 20."),
        TargetProfile(
            "telegram-file", "Telegram file", bytes: 50_000_000, .raw, Geometry(images: 10),
            formats: Set(ImageFormat.allCases), source: "python-telegram-bot",
            link: "https://pypi.org/project/python-telegram-bot/", .documented),
        TargetProfile(
            "wordpress", "WordPress", bytes: 2_000_000, .raw, Geometry(maximumSide: 2560, images: 1),
            formats: [.jpeg, .png, .gif, .webp, .avif], source: "WordPress and PHP defaults", .unsure,
            notes: "PHP's upload_max_filesize decides, often 2 MB; more than 2560 a side is scaled down by the server."),
    ]
}
