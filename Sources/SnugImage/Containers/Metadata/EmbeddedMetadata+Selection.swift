// SPDX-License-Identifier: Apache-2.0

extension EmbeddedMetadata {
    /// The metadata of some kinds, unchanged otherwise: for an image whose pixels stay as they are.
    /// - Parameter orientation: The orientation to state in EXIF of which only parts are kept.
    func selected(_ selection: FitPolicy.Metadata, orientation: Orientation? = nil) -> EmbeddedMetadata {
        var kept = EmbeddedMetadata(exif: exif.flatMap { Self.select($0, selection, orientation) }, xmp: nil)
        if kept.exif == nil, !selection.keeps(.exif) { kept.exif = orientation.map(EXIFBlock.minimal) }
        if selection.keeps(.xmp) {
            kept.xmp = selection.keeps(.gps) ? xmp : xmp.flatMap { XMPPacket($0).withoutPosition()?.bytes }
        }
        kept.texts = texts.filter { $0.isKept(by: selection) }
        kept.resources = selection.keeps(.iptc) ? resources : nil
        return kept
    }

    /// The metadata of some kinds for pixels that were made upright and of another size.
    /// - Parameter isConverted: The colours were converted to sRGB.
    func describing(width: Int, height: Int, isConverted: Bool) -> EmbeddedMetadata {
        var described = upright()
        if let block = described.exif, var editor = EXIFEditor(block) {
            editor.describe(width: width, height: height)
            if isConverted { editor.declareSRGB() }
            described.exif = editor.bytes
        }
        described.xmp = described.xmp.map { XMPPacket($0).describing(width: width, height: height).bytes }
        return described
    }

    /// The orientation to state once EXIF goes; `nil` where pixels are shown right without it.
    static func orientation(of header: ImageHeader, without selection: FitPolicy.Metadata) -> Orientation? {
        guard !selection.keeps(.exif) else { return nil }
        // A packet that stays may say another orientation, which would count without the EXIF.
        let isContested = selection.keeps(.xmp) && header.metadata.exif > 0 && header.metadata.xmp > 0
        return header.orientation != .upright || isContested ? header.orientation : nil
    }

    private static func select(
        _ exif: [UInt8], _ selection: FitPolicy.Metadata, _ orientation: Orientation?
    ) -> [UInt8]? {
        // What cannot be read may hold a position.
        guard var editor = EXIFEditor(exif) else { return selection.keeps(.exif) && selection.keeps(.gps) ? exif : nil }
        guard selection.keeps(.exif) else {
            return editor.extract(
                position: selection.keeps(.gps), rights: selection.keeps(.copyright), orientation: orientation)
        }
        if !selection.keeps(.gps) { editor.removePosition() }
        if !selection.keeps(.copyright) { editor.removeCopyright() }
        return editor.bytes
    }
}
