// SPDX-License-Identifier: Apache-2.0

/// The names that a result can have in the outbox, which mirrors the inbox.
struct ResultName: Sendable {
    private let folder: RelativePath
    private let base: [UInt8]
    private let whole: [UInt8]

    /// - Parameters:
    ///   - original: The place of the source in the inbox.
    ///   - suffix: The extension of the result's format, without the dot; `nil` keeps the source's name as it is.
    ///   - number: The number of the result, where there are several.
    init(_ original: RelativePath, suffix: String?, number: Int? = nil) {
        folder = original.folder
        let name = original.name
        let dot = UInt8(ascii: ".")
        let stem = name.lastIndex(of: dot).flatMap { $0 > 0 ? Array(name[..<$0]) : nil } ?? name
        let ending = suffix.map { Array(".\($0)".utf8) } ?? []
        let numbered = number.map { Array("-\($0)".utf8) } ?? []
        let own = stem.count < name.count ? String(decoding: name[(stem.count + 1)...], as: UTF8.self).lowercased() : ""
        let keeps = suffix.map { Self.names(of: $0).contains(own) } ?? true
        // `a.JPG` stays as it is; `a.png` becomes `a.jpg`, or `a.png.jpg` where another result has that name.
        base = stem + numbered + (keeps ? Array(name[stem.count...]) : ending)
        whole = name + numbered + ending
    }

    private static func names(of suffix: String) -> Set<String> {
        suffix == "jpg" ? ["jpg", "jpeg", "jpe", "jfif"] : suffix == "tif" ? ["tif", "tiff"] : [suffix]
    }

    /// The first, the second and so on, to be tried in order.
    func candidate(_ index: Int) -> RelativePath {
        switch index {
        case 0: folder.appending(FreeName.variant(of: base, suffix: ""))
        case 1 where whole != base && whole.count <= 255: folder.appending(whole)
        default: folder.appending(FreeName.variant(of: base, suffix: "-\(index + 1)"))
        }
    }
}
