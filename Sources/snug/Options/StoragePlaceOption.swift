// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// The address of the storage that the hosts of a fleet share.
struct StoragePlaceOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where images are for all hosts that share the ledger: s3://BUCKET/PREFIX, with ?endpoint=https://HOST and "
                + "&region=NAME where the bucket is not Amazon's, or file:///PATH for a folder that all have mounted. "
                + "(default: $SNUG_STORAGE, else each host works on its own files)", valueName: "address"))
    var storage: String?
}
