// SPDX-License-Identifier: Apache-2.0

extension EmbeddedMetadata {
    /// The metadata of some kinds, unchanged otherwise: for an image whose pixels stay as they are.
    func selected(_ selection: FitPolicy.Metadata) -> EmbeddedMetadata {
        var kept = EmbeddedMetadata(exif: exif.flatMap { Self.select($0, selection) }, xmp: nil)
        if selection.keeps(.xmp) {
            kept.xmp = selection.keeps(.gps) ? xmp : xmp.map { XMPPacket($0).withoutPosition().bytes }
        }
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

    private static func select(_ exif: [UInt8], _ selection: FitPolicy.Metadata) -> [UInt8]? {
        guard var editor = EXIFEditor(exif) else { return selection.keeps(.exif) ? exif : nil }
        guard selection.keeps(.exif) else {
            return editor.extract(position: selection.keeps(.gps), rights: selection.keeps(.copyright))
        }
        if !selection.keeps(.gps) { editor.removePosition() }
        if !selection.keeps(.copyright) { editor.removeCopyright() }
        return editor.bytes
    }
}
