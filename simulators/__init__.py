"""The protocols of outside programs and companies, as far as we speak them: for trying and testing, never for work."""
