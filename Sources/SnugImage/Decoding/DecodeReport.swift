// SPDX-License-Identifier: Apache-2.0

/// The findings of a decoder about a file.
struct DecodeReport: Sendable, Hashable {
    /// The codec's own words, the first few of them.
    var warnings: [String] = []
    /// Warnings in all.
    var warningCount = 0
    /// Some pixels are wrong or missing.
    var isDamaged = false
    /// The file ended before the image's end marker.
    var endedEarly = false
    /// Rows of the image as stored that are known to be good, when the codec can tell.
    var goodRows: Int?
    /// Rows of the image as stored.
    var totalRows = 0

    /// The share of rows that is damaged or missing in per cent, rounded up; `nil` when the codec cannot tell.
    var damagedPercentage: Int? {
        guard isDamaged, let goodRows, totalRows > 0 else { return nil }
        return (100 * (totalRows - goodRows) + totalRows - 1) / totalRows
    }

    /// The error that a damaged image is by default.
    var error: ImageError? {
        guard isDamaged else { return nil }
        var details: [String: ImageError.Detail] = ["codec_warnings": .integer(warningCount)]
        if let goodRows {
            details["good_rows"] = .integer(goodRows)
            details["rows"] = .integer(totalRows)
        }
        let share = damagedPercentage.map { "about \($0) % of the rows are missing or wrong" }
        let words = warnings.first.map { " (\($0))" } ?? ""
        if endedEarly {
            return ImageError(
                .truncatedInput,
                "the file ends before the image does: \(share ?? "part of it is missing")\(words); get it again, or "
                    + ImageError.Setting.recovery.remedy, details: details, settings: [.recovery])
        }
        return ImageError(
            .corruptInput,
            "the image data is damaged: \(share ?? "some of it is wrong")\(words); get it again, or "
                + ImageError.Setting.recovery.remedy, details: details, settings: [.recovery])
    }

    /// The warnings about an image that is delivered in spite of its damage.
    var notes: [String] {
        var notes: [String] = []
        if isDamaged {
            let share =
                damagedPercentage.map { "about \($0) % of the rows" } ?? "part of the image"
            notes.append("partly recovered: \(share) could not be read and is filled")
        } else if endedEarly {
            notes.append("the end marker is missing; every row of the image is there")
        }
        notes += warnings.map { "codec: \($0)" }
        if warningCount > warnings.count { notes.append("codec: \(warningCount - warnings.count) further warnings") }
        return notes
    }
}
