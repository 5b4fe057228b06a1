"""The question put to the human, its answer, its single use; approvals out of band."""
