// SPDX-License-Identifier: Apache-2.0
import CKernels

/// Turns images upright.
enum OrientationTransform {
    /// A plane turned as `orientation` asks: the same one when it is upright already, else a new one.
    static func upright(_ plane: Plane, orientation: Orientation, level: KernelLevel = .best) -> Plane {
        switch orientation {
        case .upright: plane
        case .mirrored: reordered(plane, mirrors: true, flips: false, level: level)
        case .rotated180: reordered(plane, mirrors: true, flips: true, level: level)
        case .flipped: reordered(plane, mirrors: false, flips: true, level: level)
        case .transposed: transposed(plane, readsUpwards: false, writesUpwards: false)
        case .rotated90: transposed(plane, readsUpwards: true, writesUpwards: false)
        case .transversed: transposed(plane, readsUpwards: true, writesUpwards: true)
        case .rotated270: transposed(plane, readsUpwards: false, writesUpwards: true)
        }
    }

    /// Rows stay rows, in this or the other order, from left or from right.
    private static func reordered(_ plane: Plane, mirrors: Bool, flips: Bool, level: KernelLevel) -> Plane {
        let result = Plane(width: plane.width, height: plane.height, channels: plane.channels)
        for y in 0..<plane.height {
            let source = plane.row(flips ? plane.height - 1 - y : y)
            var target = result.mutableRow(y)
            if mirrors {
                RowConversion.mirror(source, channels: plane.channels, into: &target, level: level)
            } else {
                for i in source.indices { target[i] = source[i] }
            }
        }
        return result
    }

    /// Rows become columns. Reading the source upwards mirrors the result, writing it upwards flips it.
    private static func transposed(_ plane: Plane, readsUpwards: Bool, writesUpwards: Bool) -> Plane {
        let result = Plane(width: plane.height, height: plane.width, channels: plane.channels)
        unsafe plane.withSamples { from in
            unsafe result.withSamples { to in
                let source = unsafe snug_source_plane(
                    samples: from + (readsUpwards ? (plane.height - 1) * plane.stride : 0),
                    stride: readsUpwards ? -plane.stride : plane.stride, width: plane.width, height: plane.height)
                let first = unsafe to + (writesUpwards ? (result.height - 1) * result.stride : 0)
                let stride = writesUpwards ? -result.stride : result.stride
                unsafe snug_transpose(source, Int32(plane.channels), first, stride)
            }
        }
        return result
    }
}
