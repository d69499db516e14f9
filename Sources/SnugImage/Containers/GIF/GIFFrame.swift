// SPDX-License-Identifier: Apache-2.0

/// A frame of a GIF (GIF89a §20, §23), located but not decoded.
struct GIFFrame: Sendable, Hashable {
    /// The treatment of the frame's rectangle before the next frame.
    enum Disposal: Sendable, Hashable {
        case keep
        /// It becomes transparent.
        case clear
        /// It becomes what it was before the frame.
        case restore
    }

    var left: Int
    var top: Int
    var width: Int
    var height: Int
    var disposal = Disposal.keep
    /// The index of the colour that shows what is below; `nil` for none.
    var transparentIndex: Int?
    var isInterlaced: Bool
    /// The place of three bytes for each colour, its own or the screen's; `nil` where the file has none.
    var palette: Range<Int>?
    /// The offset of the first block of data.
    var data: Int
    /// The bytes from the image descriptor to the end of the frame's data.
    var range: Range<Int>

    /// True when the frame hides everything on a screen.
    func covers(width: Int, height: Int) -> Bool {
        transparentIndex == nil && left == 0 && top == 0 && self.width >= width && self.height >= height
    }
}
