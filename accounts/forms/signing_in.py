"""Signing in."""

from django import forms

from governance.forms.filling import KeepsTyped


class SignInForm(KeepsTyped):
    """An address and a password. Both may be pasted and filled in by a password manager."""

    email = forms.CharField(
        label="Work e-mail",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "spellcheck": "false"}),
        error_messages={"required": "Enter your e-mail address."},
    )
    password = forms.CharField(
        label="Password",
        strip=False,
        max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Enter your password.", "max_length": "This password is too long to be yours."},
    )
