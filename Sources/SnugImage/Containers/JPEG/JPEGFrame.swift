// SPDX-License-Identifier: Apache-2.0

/// A JPEG frame header (ITU-T T.81 B.2.2).
struct JPEGFrame {
    struct Component {
        var identifier: Int
        var horizontal: Int
        var vertical: Int
        var quantisationTable: Int
    }

    var process: JPEGProcess
    var bitsPerSample: Int
    var width: Int
    var height: Int
    var components: [Component]

    /// Reads an SOF or DHP segment.
    init(_ segment: JPEGSegment, payload: ByteView) throws(ImageError) {
        let name = JPEGSegmentReader.name(of: segment.marker)
        guard let bits = payload.u8(at: 0), let height = payload.u16(at: 1), let width = payload.u16(at: 3),
            let count = payload.u8(at: 5), payload.count == 6 + 3 * count
        else { throw InputFault.corrupt("JPEG frame header \(name) has a wrong length", at: segment.offset) }
        // T.81 B.2.5: a height of 0 is legal, and given by a DNL segment behind the first scan.
        guard height > 0 || width == 0 else {
            throw ImageError(
                .unsupportedFeature,
                "is a JPEG whose height is given behind its image data (DNL), which is not supported; save it again with "
                    + "another program")
        }
        guard width > 0, height > 0 else {
            throw InputFault.corrupt("JPEG frame header \(name) says \(width) × \(height) pixels", at: segment.offset)
        }
        guard (2...16).contains(bits), count > 0 else {
            throw InputFault.corrupt(
                "JPEG frame header \(name) says \(count) components of \(bits) bits", at: segment.offset)
        }
        process = JPEGFrame.process(of: segment.marker)
        bitsPerSample = bits
        self.width = width
        self.height = height
        components = []
        for index in 0..<count {
            guard let identifier = payload.u8(at: 6 + 3 * index), let sampling = payload.u8(at: 7 + 3 * index),
                let table = payload.u8(at: 8 + 3 * index), (1...4).contains(sampling >> 4),
                (1...4).contains(sampling & 15)
            else { throw InputFault.corrupt("JPEG frame header \(name) has bad sampling factors", at: segment.offset) }
            components.append(
                Component(
                    identifier: identifier, horizontal: sampling >> 4, vertical: sampling & 15,
                    quantisationTable: table))
        }
    }

    /// ITU-T T.81 table B.1.
    private static func process(of marker: UInt8) -> JPEGProcess {
        switch marker {
        case 0xC0: .baseline
        case 0xC1: .extended
        case 0xC2: .progressive
        case 0xC3, 0xCB: .lossless
        case 0xC9: .arithmeticSequential
        case 0xCA: .arithmeticProgressive
        default: .hierarchical
        }
    }

    /// Chroma resolution relative to luma; `nil` where there is no chroma.
    var chromaSubsampling: ChromaSubsampling? {
        guard components.count >= 3 else { return nil }
        let (luma, blue, red) = (components[0], components[1], components[2])
        guard blue.horizontal == red.horizontal, blue.vertical == red.vertical,
            luma.horizontal % blue.horizontal == 0, luma.vertical % blue.vertical == 0
        else { return .other }
        switch (luma.horizontal / blue.horizontal, luma.vertical / blue.vertical) {
        case (1, 1): return .s444
        case (2, 1): return .s422
        case (2, 2): return .s420
        case (1, 2): return .s440
        case (4, 1): return .s411
        case (4, 2): return .s410
        default: return .other
        }
    }

    /// The colour model by libjpeg's rules, which every decoder in the field has come to share.
    /// - Parameters:
    ///   - hasJFIF: A JFIF segment precedes the scan: three components are YCbCr then, whatever else is said.
    ///   - adobeTransform: The transform byte of an Adobe segment.
    /// - Returns: `nil` for a number of components that means nothing.
    func colourModel(hasJFIF: Bool, adobeTransform: Int?) -> ColourModel? {
        switch components.count {
        case 1: return .gray
        case 3:
            if hasJFIF { return .ycbcr }
            if let adobeTransform { return adobeTransform == 0 ? .rgb : .ycbcr }
            return components.map(\.identifier) == [0x52, 0x47, 0x42] ? .rgb : .ycbcr  // "RGB"
        case 4: return adobeTransform.map { $0 == 0 ? .cmyk : .ycck } ?? .cmyk
        default: return nil
        }
    }
}
