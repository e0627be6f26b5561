"""missing"""
