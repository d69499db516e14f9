// SPDX-License-Identifier: Apache-2.0
package import SnugImage
import SnugSystem

extension TargetProfile {
    /// The profile as JSON.
    package var json: JSONValue {
        func formats(_ formats: Set<ImageFormat>) -> JSONValue {
            .array(ImageFormat.allCases.filter(formats.contains).map { .text($0.rawValue) })
        }
        return [
            "name": .text(name), "title": .text(title), "stated_bytes": .optional(statedBytes),
            "counting": .text(counting.rawValue), "file_bytes": .integer(limits.fileByteLimit),
            "max_side": .optional(limits.maximumSide), "min_side": .optional(limits.minimumSide),
            "max_pixels": .optional(limits.maximumPixelCount), "formats": formats(acceptedFormats),
            "written_formats": formats(limits.formats.intersection(ImageFormat.writable)),
            "max_images_per_request": .optional(limits.maximumImagesPerRequest),
            "certainty": .text(certainty.rawValue), "source": .text(source),
            "source_url": .optional(sourceLink), "source_date": .text(sourceDate),
            "notes": .text(notes),
        ]
    }
}
