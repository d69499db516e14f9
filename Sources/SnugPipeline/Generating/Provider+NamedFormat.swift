// SPDX-License-Identifier: Apache-2.0
package import SnugGeneration
import SnugImage
import SnugSystem

extension Provider {
    /// A request for an image in the format of a file name's extension, where the provider can be asked for it.
    ///
    /// Elsewhere the image is converted when it is here.
    /// - Throws: `invalid_request` for a format that neither the provider nor Snug makes.
    package func request(
        _ request: GenerationRequest, named fileExtension: String
    ) throws(GenerationError) -> GenerationRequest {
        let format = ImageFormat(fileExtension: fileExtension)
        var asking = request
        asking.format = format?.rawValue ?? fileExtension
        let isMade = makesFormat(of: asking)
        if request.format == nil, isMade { return asking }
        guard isMade || format?.asOutput != nil else {
            throw GenerationError(
                .invalidRequest,
                "an image named .\(PrintableName.escaped(fileExtension)) can neither be made by \(name) nor be converted "
                    + "here; name it .png or .jpg")
        }
        return request
    }
}

extension ImageFormat {
    /// The format that a file name's extension stands for, whatever its case.
    init?(fileExtension: String) {
        let name = fileExtension.lowercased()
        let isJPEG = ["jpg", "jpeg", "jpe", "jfif"].contains(name)
        let named = Self.allCases.first { $0.fileExtension == name || $0.rawValue == name }
        guard let format = isJPEG ? .jpeg : named else { return nil }
        self = format
    }

    /// The format as one that outputs can have; `nil` for formats that are only recognised.
    var asOutput: FitPolicy.OutputFormat? { FitPolicy.OutputFormat(rawValue: rawValue) }
}
