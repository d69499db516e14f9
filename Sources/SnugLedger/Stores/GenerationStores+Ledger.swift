// SPDX-License-Identifier: Apache-2.0
public import SnugGeneration

extension GenerationStores {
    /// Stores in a ledger, for all processes that share it. It stays open for as long as they are used.
    public static func ledger(_ ledger: any SharedLedger) -> GenerationStores {
        GenerationStores(
            journal: LedgerJournal(ledger), jobClaims: LedgerJobClaims(ledger),
            accountLimits: LedgerAccountLimits(ledger), accountStates: LedgerAccountStates(ledger),
            inputLimits: LedgerInputLimits(ledger))
    }
}
